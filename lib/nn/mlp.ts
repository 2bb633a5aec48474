import * as ops from '../ops/index.js'
import type { Activation } from './activation.js'
import type { Linear } from './linear.js'

/** Two linear layers with an activation between them. */
export class Mlp {
  readonly first: Linear
  readonly activation: Activation
  readonly second: Linear

  constructor(first: Linear, activation: Activation, second: Linear) {
    this.first = first
    this.activation = activation
    this.second = second
  }

  /** x float32 [..., width] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return this.second.forward(this.activation(this.first.forward(x)))
  }
}

/** A gated unit: the first layer gives gate and value side by side, activation(gate) * value goes on (Shazeer 2020). */
export class GatedMlp {
  readonly first: Linear
  readonly activation: Activation
  readonly second: Linear

  constructor(first: Linear, activation: Activation, second: Linear) {
    this.first = first
    this.activation = activation
    this.second = second
  }

  forward(x: ops.FloatTensor): ops.FloatTensor {
    const both = this.first.forward(x)
    const half = both.shape[both.rank - 1]! / 2
    const [gate, value] = ops.split(both, [half, half]) as [ops.FloatTensor, ops.FloatTensor]
    return this.second.forward(ops.mul(this.activation(gate), value) as ops.FloatTensor)
  }
}
