import { Linear } from '../../nn/linear.js'
import type { WeightReader } from '../../weights/reader.js'
import { ignoreForeignHead } from '../library-class.js'
import type { BertConfig } from './config.js'
import { BertEncoder } from './encoder.js'
import { type Features, type HeadOutputs, heads } from './heads.js'

/** The modules of a Bert. */
export interface BertModules {
  readonly config: BertConfig
  readonly encoder: BertEncoder
  readonly pooler: Linear | undefined
  readonly head: (x: Features) => HeadOutputs
}

/** Reads the weights of the checkpoint's class in transformers. */
export function readModules(reader: WeightReader, config: BertConfig): BertModules {
  const { className, width } = config
  const base = reader.has('bert.embeddings.word_embeddings.weight') ? reader.scope('bert') : reader
  const encoder = new BertEncoder(base, config)
  if (config.isForeign) ignoreForeignHead(reader, ['bert', 'embeddings', 'encoder', 'pooler'])
  const rule = heads[className]
  const pooled = rule.pooler === 'required' || (rule.pooler === 'optional' && base.has('pooler.dense.weight'))
  const pooler = pooled ? Linear.read(base, 'pooler.dense', width, width) : undefined
  if (rule.pooler === 'unused') base.ignore(/^pooler\./, `${className} has no pooler`)
  return { config, encoder, pooler, head: rule.read(reader, config, encoder.words.weight) }
}
