import {
  boolean,
  type Config,
  configInvalid,
  nameOf,
  nonNegativeInt,
  optional,
  positiveInt,
  sharedKey,
  string,
} from '../../files/config.js'
import { type Activation, activation } from '../../nn/activation.js'
import { libraryClass } from '../library-class.js'
import { checkSizes } from '../sizes.js'

/** Sizes of the encoder or of the decoder. */
export interface StackConfig {
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  readonly vocabulary: number
}

/** The parts of transformers' MarianConfig that change the computation. */
export interface MarianConfig {
  readonly className: MarianClass
  readonly width: number
  readonly encoder: StackConfig
  readonly decoder: StackConfig
  readonly activation: Activation
  /** Maximum number of tokens in a text. */
  readonly positions: number
  /** Factor of the token embeddings. */
  readonly embeddingScale: number
  /** Whether encoder and decoder share the word embeddings. */
  readonly shared: boolean
  /** Whether the head uses the decoder's word embeddings. */
  readonly tied: boolean
  readonly startToken: number
}

const classes = ['MarianMTModel', 'MarianModel'] as const
export type MarianClass = (typeof classes)[number]

/**
 * Reads config.json, with the library's defaults.
 * @param hasHead whether the checkpoint has a head of its own
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readMarianConfig(config: Config, hasHead: boolean): MarianConfig {
  const width = positiveInt(config, sharedKey(config, 'hidden_size', 'd_model'), 1024)
  const shared = boolean(config, 'share_encoder_decoder_embeddings', true)
  const vocabulary = positiveInt(config, 'vocab_size', 58101)
  const targets = shared ? vocabulary : positiveInt(config, 'decoder_vocab_size', vocabulary)
  const positions = positiveInt(config, 'max_position_embeddings', 1024)
  checkSizes(config.file, {
    width,
    vocabulary: [vocabulary, targets],
    positions,
    tableElements: positions * width,
  })
  const tied = boolean(config, 'tie_word_embeddings', true)
  const className = libraryClass(config, classes) ?? (tied || hasHead ? 'MarianMTModel' : 'MarianModel')
  return {
    className,
    width,
    encoder: readStack(config, width, vocabulary, {
      layers: sharedKey(config, 'num_hidden_layers', 'encoder_layers'),
      heads: sharedKey(config, 'num_attention_heads', 'encoder_attention_heads'),
      feedForward: 'encoder_ffn_dim',
    }),
    decoder: readStack(config, width, targets, {
      ...{ layers: 'decoder_layers', heads: 'decoder_attention_heads', feedForward: 'decoder_ffn_dim' },
    }),
    activation: activation(
      string(config, 'activation_function', 'gelu'),
      nameOf(config, 'activation_function'),
    ),
    positions,
    embeddingScale: boolean(config, 'scale_embedding', false) ? Math.sqrt(width) : 1,
    shared,
    tied,
    startToken:
      optional(nonNegativeInt, config, 'decoder_start_token_id') ??
      nonNegativeInt(config, 'pad_token_id', 58100),
  }
}

function readStack(
  config: Config,
  width: number,
  vocabulary: number,
  keys: Readonly<Record<'layers' | 'heads' | 'feedForward', string>>,
): StackConfig {
  const heads = positiveInt(config, keys.heads, 16)
  if (width % heads !== 0) throw configInvalid(config, keys.heads, `a divisor of d_model (${width})`)
  const layers = nonNegativeInt(config, keys.layers, 12)
  const feedForward = positiveInt(config, keys.feedForward, 4096)
  checkSizes(config.file, { layers, heads, width: feedForward })
  return { layers, heads, feedForward, vocabulary }
}
