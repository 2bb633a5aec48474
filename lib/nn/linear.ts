import * as ops from '../ops/index.js'
import { constantFull } from '../tensor/constant.js'
import type { WeightReader } from '../weights/reader.js'

export interface LinearOptions {
  /** true: there must be a bias; false: there is none. */
  readonly bias?: boolean
}

/** A weight or vector of a checkpoint, in float32 whatever it is stored as. */
export function parameter(reader: WeightReader, name: string, shape: readonly number[]): ops.FloatTensor {
  return ops.cast(reader.take(name, shape), 'float32')
}

/** A fully connected layer, y = x W^T + b, with W [O, I] as PyTorch stores it. */
export class Linear {
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor | undefined

  constructor(weight: ops.FloatTensor, bias?: ops.FloatTensor) {
    this.weight = weight
    this.bias = bias
  }

  /** Reads `name.weight` and, unless told otherwise, `name.bias`. */
  static read(
    reader: WeightReader,
    name: string,
    inputs: number,
    outputs: number,
    { bias = true }: LinearOptions = {},
  ) {
    const scope = reader.scope(name)
    return new Linear(
      parameter(scope, 'weight', [outputs, inputs]),
      bias ? parameter(scope, 'bias', [outputs]) : undefined,
    )
  }

  /** Layers with the same input side by side as one: the product runs once. A missing bias is zero. */
  static beside(layers: readonly Linear[]): Linear {
    const weight = ops.concat(layers.map((layer) => layer.weight))
    if (layers.every(({ bias }) => !bias)) return new Linear(weight)
    return new Linear(
      weight,
      ops.concat(layers.map(({ weight, bias }) => bias ?? constantFull([weight.shape[0]!], 0, 'float32'))),
    )
  }

  /** x float32 [..., I] to [..., O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.linear(x, this.weight, this.bias)
  }
}
