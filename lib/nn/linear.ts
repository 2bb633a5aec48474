import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'

export interface LinearOptions {
  /** Whether the layer has a bias. Default true. */
  readonly bias?: boolean
  /** The weight is stored as [I, O], as in GPT-2's Conv1D, instead of [O, I]. Default false. */
  readonly transposed?: boolean
}

/** Reads a parameter of a checkpoint and converts it to float32. */
export function parameter(reader: WeightReader, name: string, shape: readonly number[]): ops.FloatTensor {
  return ops.cast(reader.take(name, shape), 'float32')
}

/** Reads a parameter that is tied to others, of which the file need have one only: see {@link WeightReader.takeTied}. */
export function tiedParameter(
  reader: WeightReader,
  name: string,
  others: readonly string[],
  shape: readonly number[],
): ops.FloatTensor {
  return ops.cast(reader.takeTied(name, others, shape), 'float32')
}

/** Reads a parameter that some layouts store with other axes of size 1: [C] also as [1, C, 1]. */
export function squeezedParameter(
  reader: WeightReader,
  name: string,
  shape: readonly number[],
): ops.FloatTensor {
  const stored = reader.shapeOf(name)
  const dense = (sizes: readonly number[]) => sizes.filter((size) => size !== 1).join()
  if (!stored || dense(stored) !== dense(shape)) return parameter(reader, name, shape)
  return ops.reshape(parameter(reader, name, stored), shape)
}

/** A fully connected layer, y = x W^T + b. */
export class Linear {
  /** float32 [O, I]. */
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor | undefined

  constructor(weight: ops.FloatTensor, bias?: ops.FloatTensor) {
    this.weight = weight
    this.bias = bias
  }

  /** Reads `name.weight` and, unless `bias` is false, `name.bias`. */
  static read(
    reader: WeightReader,
    name: string,
    inputs: number,
    outputs: number,
    { bias = true, transposed = false }: LinearOptions = {},
  ) {
    const scope = reader.scope(name)
    const weight = transposed
      ? (ops.permute(parameter(scope, 'weight', [inputs, outputs]), [1, 0]) as ops.FloatTensor)
      : parameter(scope, 'weight', [outputs, inputs])
    return new Linear(weight, bias ? parameter(scope, 'bias', [outputs]) : undefined)
  }

  /** x float32 [..., I] to [..., O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.linear(x, this.weight, this.bias)
  }
}

/** Reads a linear layer that may be stored as a 1x1 convolution. */
export function readPointwise(reader: WeightReader, name: string, inputs: number, outputs: number): Linear {
  const scope = reader.scope(name)
  return new Linear(
    squeezedParameter(scope, 'weight', [outputs, inputs]),
    parameter(scope, 'bias', [outputs]),
  )
}
