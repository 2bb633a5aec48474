import { SelfAttention } from '../../nn/attention.js'
import { Embedding } from '../../nn/embedding.js'
import { Layer } from '../../nn/layer.js'
import { type Mask, paddingMask } from '../../nn/mask.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { runStack, type StackResult } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { TypedTextInputs } from '../text-inputs.js'
import type { BertConfig } from './config.js'

/** A batch of texts. */
export interface BertInputs extends TypedTextInputs {
  /** [B, N], or [B, N, N] with a row for each query: 1 keeps a token, 0 is padding. Default: no padding. */
  readonly attentionMask?: Mask | undefined
}

/** Embeddings and layers of BERT (Devlin et al. 2018): a post-norm Transformer encoder. */
export class BertEncoder {
  readonly words: Embedding
  readonly #types: Embedding
  readonly #positions: Embedding
  readonly #norm: LayerNorm
  readonly #layers: readonly Layer[]

  /** @param tiedWords full names of weights that are the word embeddings too, if those are not stored */
  constructor(reader: WeightReader, config: BertConfig, tiedWords: readonly string[]) {
    const { width, vocabulary, tokenTypes, positions, epsilon, layers } = config
    const embeddings = reader.scope('embeddings')
    embeddings.ignore('position_ids', 'the numbers 0, 1, 2, ..., which older versions of the library stored')
    this.words = Embedding.read(embeddings, 'word_embeddings', vocabulary, width, tiedWords)
    this.#types = Embedding.read(embeddings, 'token_type_embeddings', tokenTypes, width)
    this.#positions = Embedding.read(embeddings, 'position_embeddings', positions, width)
    this.#norm = LayerNorm.read(embeddings, 'LayerNorm', width, epsilon)
    const list = reader.scope('encoder.layer')
    this.#layers = Array.from({ length: layers }, (_, index) => readLayer(list.scope(index), config))
  }

  forward(inputs: BertInputs, weights: boolean): StackResult {
    const mask = inputs.attentionMask && paddingMask(inputs.attentionMask)
    return runStack(this.#layers, this.#embed(inputs), { self: { mask, weights } })
  }

  #embed({ inputIds, tokenTypeIds, positionIds }: BertInputs): ops.FloatTensor {
    const words = this.words.forward(inputIds)
    const types = tokenTypeIds ? this.#types.forward(tokenTypeIds) : this.#types.first(1)
    const positions = positionIds
      ? this.#positions.forward(positionIds)
      : this.#positions.first(inputIds.shape[1]!)
    return this.#norm.forward(ops.add(ops.add(words, types), positions))
  }
}

function readLayer(layer: WeightReader, config: BertConfig): Layer {
  const attention = layer.scope('attention')
  const names = { queryKeyValue: ['self.query', 'self.key', 'self.value'], output: 'output.dense' }
  const norm = (reader: WeightReader) => ({
    norm: LayerNorm.read(reader, 'output.LayerNorm', config.width, config.epsilon),
    placement: 'post' as const,
  })
  return new Layer([
    { attention: SelfAttention.read(attention, names, config), ...norm(attention) },
    { mlp: Mlp.read(layer, ['intermediate.dense', 'output.dense'], config), ...norm(layer) },
  ])
}
