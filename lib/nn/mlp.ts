import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import type { Activation } from './activation.js'
import type { FusedLinear } from './fused-linear.js'
import { Linear, type LinearOptions } from './linear.js'
import type { Norm } from './norm.js'

/** Sizes of an MLP, and how its linear layers are stored. */
export interface MlpSizes extends LinearOptions {
  readonly width: number
  readonly feedForward: number
  readonly activation: Activation
}

/** Two linear layers with an activation between them, and in some models a norm after the activation. */
export class Mlp {
  readonly first: Linear
  readonly activation: Activation
  readonly second: Linear
  readonly norm: Norm | undefined

  constructor(first: Linear, activation: Activation, second: Linear, norm?: Norm) {
    this.first = first
    this.activation = activation
    this.second = second
    this.norm = norm
  }

  /** Reads the two layers. */
  static read(reader: WeightReader, [first, second]: readonly [string, string], sizes: MlpSizes): Mlp {
    const { width, feedForward, activation } = sizes
    return new Mlp(
      Linear.read(reader, first, width, feedForward, sizes),
      activation,
      Linear.read(reader, second, feedForward, width, sizes),
    )
  }

  /** x float32 [..., width] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const hidden = this.activation(this.first.forward(x))
    return this.second.forward(this.norm?.forward(hidden) ?? hidden)
  }
}

/** Gated MLP (Shazeer 2020): second(activation(gate(x)) * value(x)). */
export class GatedMlp {
  /** Gate and value, in this order. */
  readonly first: FusedLinear
  readonly activation: Activation
  readonly second: Linear
  readonly norm: Norm | undefined

  constructor(first: FusedLinear, activation: Activation, second: Linear, norm?: Norm) {
    this.first = first
    this.activation = activation
    this.second = second
    this.norm = norm
  }

  /** x float32 [..., width] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const [gate, value] = this.first.forward(x)
    const hidden: ops.FloatTensor = ops.mul(this.activation(gate!), value!)
    return this.second.forward(this.norm?.forward(hidden) ?? hidden)
  }
}
