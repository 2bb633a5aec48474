import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { type Activation, activation } from './activation.js'
import type { MapModule } from './feature-maps.js'
import { type Linear, parameter, readPointwise } from './linear.js'

/** Sizes and activations of {@link SqueezeExcite}. */
export interface SqueezeExciteOptions {
  readonly channels: number
  readonly hidden: number
  readonly activation?: Activation
  /** Multiplies the gate: a constant, float32 []. Default: none. */
  readonly gain?: ops.FloatTensor | undefined
}

/** Squeeze and excitation (Hu et al. 2017): scales channels by a gate that two linear layers compute of their means. */
export class SqueezeExcite implements MapModule {
  readonly reduce: Linear
  readonly expand: Linear
  readonly activation: Activation
  readonly gain: ops.FloatTensor | undefined

  constructor(
    reader: WeightReader,
    [reduce, expand]: readonly [string, string],
    options: SqueezeExciteOptions,
  ) {
    const { channels, hidden } = options
    this.reduce = readPointwise(reader, reduce, channels, hidden)
    this.expand = readPointwise(reader, expand, hidden, channels)
    this.activation = options.activation ?? activation('relu')
    this.gain = options.gain
  }

  /** x float32 [B, H, W, channels] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const hidden = this.activation(this.reduce.forward(ops.mean(x, [1, 2])))
    return gated(x, this.expand.forward(hidden), this.gain)
  }
}

/** Efficient channel attention (Wang et al. 2019): the gate is a convolution of the channels' means along the channels. */
export class EfficientChannelAttention implements MapModule {
  /** float32 [1, 1, 1, kernel]. */
  readonly weight: ops.FloatTensor
  readonly gain: ops.FloatTensor | undefined

  /**
   * Reads `name.weight`, [1, 1, kernel]. The kernel size follows from the number of channels.
   * @param gain multiplies the gate: a constant, float32 []
   */
  constructor(reader: WeightReader, name: string, channels: number, gain?: ops.FloatTensor) {
    this.gain = gain
    const half = Math.trunc(Math.abs(Math.log2(channels) + 1) / 2)
    const kernel = Math.max(half % 2 === 1 ? half : half + 1, 3)
    this.weight = ops.reshape(parameter(reader.scope(name), 'weight', [1, 1, kernel]), [1, 1, 1, kernel])
  }

  /** x float32 [B, H, W, C] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const [batch, , , channels] = x.shape as readonly [number, number, number, number]
    const means = ops.reshape(ops.mean(x, [1, 2]) as ops.FloatTensor, [batch, 1, channels, 1])
    const padding = [0, (this.weight.shape[3]! - 1) / 2] as const
    const mixed: ops.FloatTensor = ops.conv2d(means, this.weight, undefined, { padding })
    return gated(x, ops.reshape(mixed, [batch, channels]) as ops.FloatTensor, this.gain)
  }
}

/** Multiplies [B, H, W, C] by the sigmoids of [B, C], and by a gain. */
function gated(
  x: ops.FloatTensor,
  scores: ops.FloatTensor,
  gain: ops.FloatTensor | undefined,
): ops.FloatTensor {
  const sigmoids: ops.FloatTensor = ops.sigmoid(scores)
  const gate: ops.FloatTensor = gain ? ops.mul(sigmoids, gain) : sigmoids
  return ops.mul(x, ops.reshape(gate, [gate.shape[0]!, 1, 1, gate.shape[1]!]))
}
