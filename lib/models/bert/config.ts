import {
  boolean,
  type Config,
  configInvalid,
  oneOf,
  positiveInt,
  positiveNumber,
  string,
  strings,
} from '../../files/config.js'
import { type Activation, activation } from '../../nn/activation.js'
import { labelsOf, unnamedLabels } from '../labels.js'
import { type BertClass, heads } from './heads.js'

/** The parts of Hugging Face's BertConfig that decide what is computed. */
export interface BertConfig {
  readonly className: BertClass
  readonly vocabulary: number
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  readonly activation: Activation
  /** How many places a text can have. */
  readonly positions: number
  readonly tokenTypes: number
  readonly epsilon: number
  /** Whether the masked-language head uses the word embeddings. */
  readonly tied: boolean
  readonly labels: readonly string[]
}

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID */
export function readBertConfig(config: Config): BertConfig {
  const width = positiveInt(config, 'hidden_size', 768)
  const heads = positiveInt(config, 'num_attention_heads', 12)
  if (width % heads !== 0)
    throw configInvalid(config, 'num_attention_heads', `a divisor of hidden_size (${width})`)
  oneOf(config, 'position_embedding_type', ['absolute'], 'absolute')
  if (boolean(config, 'is_decoder', false))
    throw configInvalid(config, 'is_decoder', 'false (BERT as a decoder is not supported)')
  return {
    className: readClass(config),
    vocabulary: positiveInt(config, 'vocab_size', 30522),
    width,
    layers: positiveInt(config, 'num_hidden_layers', 12),
    heads,
    feedForward: positiveInt(config, 'intermediate_size', 3072),
    activation: activation(string(config, 'hidden_act', 'gelu')),
    positions: positiveInt(config, 'max_position_embeddings', 512),
    tokenTypes: positiveInt(config, 'type_vocab_size', 2),
    epsilon: positiveNumber(config, 'layer_norm_eps', 1e-12),
    tied: boolean(config, 'tie_word_embeddings', true),
    labels: readLabels(config),
  }
}

/** The class that wrote the checkpoint; without one it is the bare model. */
function readClass(config: Config): BertClass {
  const [name = 'BertModel'] = strings(config, 'architectures', [])
  if (!Object.hasOwn(heads, name))
    throw configInvalid(config, 'architectures', `one of ${Object.keys(heads).join(', ')}`)
  return name as BertClass
}

/** Without names there are as many classes as `num_labels` says, or two. */
function readLabels(config: Config): readonly string[] {
  return labelsOf(config) ?? unnamedLabels(positiveInt(config, 'num_labels', 2))
}
