import {
  type Config,
  configInvalid,
  epsilon,
  nameOf,
  nonNegativeInt,
  positiveInt,
  string,
} from '../files/config.js'
import { type Activation, activation } from '../nn/activation.js'
import { checkSizes } from './sizes.js'

/** Sizes of a Transformer encoder. */
export interface EncoderConfig {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  readonly activation: Activation
  /** Epsilon of the layer norms. */
  readonly epsilon: number
}

/** The keys that most configs of Hugging Face have. */
const commonKeys = {
  width: 'hidden_size',
  layers: 'num_hidden_layers',
  heads: 'num_attention_heads',
  feedForward: 'intermediate_size',
  activation: 'hidden_act',
  epsilon: 'layer_norm_eps',
}

/** Defaults of the library's config class. Where `feedForward` is left out, it is 4 * width. */
export interface EncoderDefaults extends Omit<EncoderConfig, 'activation' | 'feedForward'> {
  readonly activation: string
  readonly feedForward?: number
}

/** @throws CONFIG_INVALID */
export function readEncoderConfig(
  config: Config,
  defaults: EncoderDefaults,
  keys: Readonly<typeof commonKeys> = commonKeys,
): EncoderConfig {
  const width = positiveInt(config, keys.width, defaults.width)
  const heads = positiveInt(config, keys.heads, defaults.heads)
  const layers = nonNegativeInt(config, keys.layers, defaults.layers)
  const feedForward = positiveInt(config, keys.feedForward, defaults.feedForward ?? 4 * width)
  checkSizes(config.file, { layers, heads, width: [width, feedForward] })
  if (width % heads !== 0) throw configInvalid(config, keys.heads, `a divisor of ${keys.width} (${width})`)
  return {
    width,
    ...{ layers, heads, feedForward },
    activation: activation(
      string(config, keys.activation, defaults.activation),
      nameOf(config, keys.activation),
    ),
    epsilon: epsilon(config, keys.epsilon, defaults.epsilon),
  }
}
