import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** Sizes of a convolution's weights. */
export interface ConvolutionShape {
  readonly inputs: number
  readonly outputs: number
  readonly kernel: number
  readonly groups?: number
  readonly bias?: boolean
}

/** A two-dimensional convolution of channels-last images. */
export class Convolution {
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor | undefined
  readonly options: ops.ConvolutionOptions

  constructor(weight: ops.FloatTensor, bias: ops.FloatTensor | undefined, options: ops.ConvolutionOptions) {
    this.weight = weight
    this.bias = bias
    this.options = options
  }

  /** Reads `name.weight` [O, I / groups, k, k] and, unless `bias` is false, `name.bias`. */
  static read(
    reader: WeightReader,
    name: string,
    shape: ConvolutionShape,
    options: ops.ConvolutionOptions = {},
  ) {
    const { inputs, outputs, kernel, groups = 1, bias = true } = shape
    const scope = reader.scope(name)
    const weight = parameter(scope, 'weight', [outputs, inputs / groups, kernel, kernel])
    return new Convolution(weight, bias ? parameter(scope, 'bias', [outputs]) : undefined, {
      ...options,
      groups,
    })
  }

  /** x float32 [B, H, W, I] to [B, OH, OW, O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.conv2d(x, this.weight, this.bias, this.options)
  }
}
