import {
  type Config,
  configInvalid,
  nonNegativeInt,
  positiveInt,
  positiveNumber,
  string,
} from '../files/config.js'
import { type Activation, activation } from '../nn/activation.js'

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

/**
 * Reads the sizes from the keys of most Hugging Face configs.
 * @param defaults those of the library's config class
 * @throws CONFIG_INVALID
 */
export function readEncoderConfig(
  config: Config,
  defaults: Omit<EncoderConfig, 'activation'> & { readonly activation: string },
): EncoderConfig {
  const width = positiveInt(config, 'hidden_size', defaults.width)
  const heads = positiveInt(config, 'num_attention_heads', defaults.heads)
  if (width % heads !== 0)
    throw configInvalid(config, 'num_attention_heads', `a divisor of hidden_size (${width})`)
  return {
    width,
    layers: nonNegativeInt(config, 'num_hidden_layers', defaults.layers),
    heads,
    feedForward: positiveInt(config, 'intermediate_size', defaults.feedForward),
    activation: activation(string(config, 'hidden_act', defaults.activation)),
    epsilon: positiveNumber(config, 'layer_norm_eps', defaults.epsilon),
  }
}
