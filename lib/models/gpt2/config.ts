import { boolean, type Config, configInvalid, positiveInt, sharedKey } from '../../files/config.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { libraryClass } from '../library-class.js'
import { checkSizes } from '../sizes.js'

const classes = ['GPT2LMHeadModel', 'GPT2Model'] as const

/** The parts of Hugging Face's GPT2Config that decide what is computed. */
export interface Gpt2Config extends EncoderConfig {
  readonly className: (typeof classes)[number]
  readonly vocabulary: number
  /** How many tokens a text can have. */
  readonly positions: number
  /** Types have the embeddings of tokens. */
  readonly tokenTypes: number
  /** Whether the head is the table of token embeddings. */
  readonly tied: boolean
  /** Factor of the attention scores of a layer. */
  scaleOf(layer: number): number
}

const defaults = { width: 768, layers: 12, heads: 12, activation: 'gelu_new', epsilon: 1e-5 }

/**
 * Reads config.json, with the library's defaults.
 * @param hasHead whether the checkpoint has a head of its own
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readGpt2Config(config: Config, hasHead: boolean): Gpt2Config {
  if (boolean(config, 'add_cross_attention', false))
    throw configInvalid(config, 'add_cross_attention', 'false (cross-attention is not supported)')
  const encoder = readEncoderConfig(config, defaults, {
    width: sharedKey(config, 'hidden_size', 'n_embd'),
    layers: sharedKey(config, 'num_hidden_layers', 'n_layer'),
    heads: sharedKey(config, 'num_attention_heads', 'n_head'),
    ...{ feedForward: 'n_inner', activation: 'activation_function', epsilon: 'layer_norm_epsilon' },
  })
  const vocabulary = positiveInt(config, 'vocab_size', 50257)
  const positions = positiveInt(config, sharedKey(config, 'max_position_embeddings', 'n_positions'), 1024)
  checkSizes(config.file, { vocabulary, positions })
  const tied = boolean(config, 'tie_word_embeddings', true)
  const className = libraryClass(config, classes) ?? (tied || hasHead ? 'GPT2LMHeadModel' : 'GPT2Model')
  const scale = boolean(config, 'scale_attn_weights', true) ? 1 / Math.sqrt(encoder.width / encoder.heads) : 1
  const byLayer = boolean(config, 'scale_attn_by_inverse_layer_idx', false)
  return {
    className,
    ...encoder,
    ...{ vocabulary, positions },
    tokenTypes: vocabulary,
    tied,
    scaleOf: (layer) => (byLayer ? scale / (layer + 1) : scale),
  }
}
