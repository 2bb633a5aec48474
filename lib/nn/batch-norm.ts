import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { Convolution } from './convolution.js'
import { parameter } from './linear.js'
import type { Norm } from './norm.js'

/** Batch normalisation in inference: a scale and a shift for each channel, which are constants. */
export class BatchNorm implements Norm {
  /** float32 [C]: weight / sqrt(variance + epsilon). */
  readonly scale: ops.FloatTensor
  /** float32 [C]: bias - mean * scale. */
  readonly shift: ops.FloatTensor

  constructor(scale: ops.FloatTensor, shift: ops.FloatTensor) {
    this.scale = scale
    this.shift = shift
  }

  /** Reads `name.weight`, `bias`, `running_mean` and `running_var`, [width] each. */
  static read(reader: WeightReader, name: string, width: number, epsilon: number): BatchNorm {
    const scope = reader.scope(name)
    scope.ignore('num_batches_tracked', 'a count of training steps')
    const vector = (each: string) => parameter(scope, each, [width])
    const deviation = ops.sqrt(ops.add(vector('running_var'), epsilon))
    const scale: ops.FloatTensor = ops.div(vector('weight'), deviation)
    return new BatchNorm(scale, ops.sub(vector('bias'), ops.mul(vector('running_mean'), scale)))
  }

  /** x float32 [..., C]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.add(ops.mul(x, this.scale), this.shift)
  }

  /** A convolution followed by this norm, as one convolution. Its weights are computed once, with the folded constants. */
  foldedInto({ weight, bias, options }: Convolution): Convolution {
    const scaled: ops.FloatTensor = ops.mul(weight, ops.reshape(this.scale, [weight.shape[0]!, 1, 1, 1]))
    const shifted = bias ? ops.add(ops.mul(bias, this.scale), this.shift) : this.shift
    return new Convolution(scaled, shifted, options)
  }
}
