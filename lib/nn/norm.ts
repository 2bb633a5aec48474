import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** A normalisation of float32 [..., C] over the last axis. */
export interface Norm {
  forward(x: ops.FloatTensor): ops.FloatTensor
}

export interface LayerNormOptions {
  readonly bias?: boolean
}

/** Layer normalisation over the last axis. `epsilon` has no default: libraries differ, and a wrong one is hard to notice. */
export class LayerNorm implements Norm {
  readonly weight: ops.FloatTensor | undefined
  readonly bias: ops.FloatTensor | undefined
  readonly epsilon: number

  constructor(weight: ops.FloatTensor | undefined, bias: ops.FloatTensor | undefined, epsilon: number) {
    this.weight = weight
    this.bias = bias
    this.epsilon = epsilon
  }

  /** Reads `name.weight` and, unless `bias` is false, `name.bias`. */
  static read(
    reader: WeightReader,
    name: string,
    width: number,
    epsilon: number,
    { bias = true }: LayerNormOptions = {},
  ) {
    const scope = reader.scope(name)
    return new LayerNorm(
      parameter(scope, 'weight', [width]),
      bias ? parameter(scope, 'bias', [width]) : undefined,
      epsilon,
    )
  }

  /** x float32 [..., C]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.layerNorm(x, this.weight, this.bias, this.epsilon)
  }
}

/** Root-mean-square normalisation over the last axis, without mean and bias. */
export class RmsNorm implements Norm {
  readonly weight: ops.FloatTensor
  readonly epsilon: number

  constructor(weight: ops.FloatTensor, epsilon: number) {
    this.weight = weight
    this.epsilon = epsilon
  }

  /** Reads `name.weight`. */
  static read(reader: WeightReader, name: string, width: number, epsilon: number) {
    return new RmsNorm(parameter(reader.scope(name), 'weight', [width]), epsilon)
  }

  /** x float32 [..., C]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.rmsNorm(x, this.weight, this.epsilon)
  }
}

/** timm's SimpleNorm: divides by the standard deviation over the last axis, which has C - 1 degrees of freedom; no mean or bias. */
export class SimpleNorm implements Norm {
  readonly weight: ops.FloatTensor
  readonly epsilon: number

  constructor(weight: ops.FloatTensor, epsilon: number) {
    this.weight = weight
    this.epsilon = epsilon
  }

  /** Reads `name.weight`. */
  static read(reader: WeightReader, name: string, width: number, epsilon: number) {
    return new SimpleNorm(parameter(reader.scope(name), 'weight', [width]), epsilon)
  }

  /** x float32 [..., C]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const squares = ops.square(ops.sub(x, ops.mean(x, -1, { keepDims: true })))
    const sum = ops.sum(squares, -1, { keepDims: true })
    const variance = ops.div(sum, this.weight.shape[0]! - 1)
    return ops.mul(ops.div(x, ops.sqrt(ops.add(variance, this.epsilon))), this.weight)
  }
}

/** Group normalisation (Wu and He 2018) of [B, ..., C]: over all positions and the channels of a group. */
export class GroupNorm implements Norm {
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor
  readonly groups: number
  readonly epsilon: number

  constructor(weight: ops.FloatTensor, bias: ops.FloatTensor, groups: number, epsilon: number) {
    this.weight = weight
    this.bias = bias
    this.groups = groups
    this.epsilon = epsilon
  }

  /** Reads `name.weight` and `name.bias`. */
  static read(reader: WeightReader, name: string, width: number, groups: number, epsilon: number) {
    const scope = reader.scope(name)
    const [weight, bias] = [parameter(scope, 'weight', [width]), parameter(scope, 'bias', [width])]
    return new GroupNorm(weight, bias, groups, epsilon)
  }

  /** x float32 [B, ..., C]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.groupNorm(x, this.groups, this.weight, this.bias, this.epsilon)
  }
}
