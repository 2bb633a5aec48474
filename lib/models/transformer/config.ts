import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  nonNegativeInt,
  object,
  oneOf,
  positiveInt,
} from '../../files/config.js'
import { type Activation, activation } from '../../nn/activation.js'
import type { NormPlacement } from '../../nn/layer.js'
import { checkSizes } from '../sizes.js'

/** Arguments of torch.nn.Transformer that change the computation. */
export interface TransformerConfig {
  readonly width: number
  readonly heads: number
  readonly encoderLayers: number
  readonly decoderLayers: number
  readonly feedForward: number
  readonly activation: Activation
  readonly epsilon: number
  readonly batchFirst: boolean
  readonly normPlacement: NormPlacement
  readonly bias: boolean
}

/** Reads `args` of a config, with torch's defaults. @throws CONFIG_INVALID */
export function readTransformerConfig(config: Config): TransformerConfig {
  const args = object(config, 'args')
  const width = positiveInt(args, 'd_model', 512)
  const heads = positiveInt(args, 'nhead', 8)
  const encoderLayers = nonNegativeInt(args, 'num_encoder_layers', 6)
  const decoderLayers = nonNegativeInt(args, 'num_decoder_layers', 6)
  const feedForward = positiveInt(args, 'dim_feedforward', 2048)
  checkSizes(config.file, { heads, layers: [encoderLayers, decoderLayers], width: [width, feedForward] })
  if (width % heads !== 0) throw configInvalid(args, 'nhead', `a divisor of d_model (${width})`)
  return {
    ...{ width, heads, encoderLayers, decoderLayers, feedForward },
    activation: activation(oneOf(args, 'activation', ['relu', 'gelu'], 'relu')),
    epsilon: epsilon(args, 'layer_norm_eps', 1e-5),
    batchFirst: boolean(args, 'batch_first', false),
    normPlacement: boolean(args, 'norm_first', false) ? 'pre' : 'post',
    bias: boolean(args, 'bias', true),
  }
}
