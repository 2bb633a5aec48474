import { SaccadeError } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { type Attributes, Node } from '../graph/node.js'
import { checkShape, formatShape, type Shape } from '../graph/shape.js'
import { Tensor } from '../tensor/tensor.js'

export type FloatTensor<S extends Shape = Shape> = Tensor<'float32', S>

/** Throws INPUT_INVALID unless `x` is a tensor. */
export function requireTensor(x: unknown, what: string): asserts x is Tensor {
  if (!(x instanceof Tensor))
    throw new SaccadeError(
      'INPUT_INVALID',
      `${what}: expected a tensor, got ${x === null ? 'null' : typeof x}`,
    )
}

/** Throws DTYPE_MISMATCH unless the tensor has one of the types. */
export function requireDType(x: Tensor, dtypes: readonly DType[], what: string): void {
  requireTensor(x, what)
  if (!dtypes.includes(x.dtype))
    throw new SaccadeError(
      'DTYPE_MISMATCH',
      `${what}: expected ${dtypes.join(' or ')}, got ${x.describe()}; see cast()`,
    )
}

export function requireFloat(x: Tensor, what: string): void {
  requireDType(x, ['float32'], what)
}

/** Throws SHAPE_MISMATCH unless the tensor has the rank. */
export function requireRank(x: Tensor, rank: number, axes: string, what: string): void {
  requireTensor(x, what)
  if (x.rank !== rank)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: expected rank ${rank} ${axes}, got ${formatShape(x.shape)}`,
    )
}

/** Throws SHAPE_MISMATCH unless the tensor has the shape. */
export function requireShape(x: Tensor, shape: Shape, what: string): void {
  if (x.rank !== shape.length || shape.some((dim, axis) => dim !== x.shape[axis]))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: expected ${formatShape(shape)}, got ${formatShape(x.shape)}`,
    )
}

/** Throws OPTION_INVALID unless the number is whole and at least `least`. */
export function requireWhole(value: number, least: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new SaccadeError(
      'OPTION_INVALID',
      `${what} must be a whole number of at least ${least}, got ${value}`,
    )
}

/** A tensor over a new node. The one place where ops make nodes. */
export function makeTensor<D extends DType, S extends Shape>(
  op: string,
  dtype: D,
  shape: Shape,
  inputs: readonly Tensor[],
  attributes?: Attributes,
): Tensor<D, S> {
  checkShape(shape, op)
  const nodes = inputs.map((input) => {
    if (input.disposed)
      throw new SaccadeError('DISPOSED', `${op}: the tensor ${input.describe()} was disposed`)
    return input.node
  })
  return new Tensor<D, S>(new Node(op, dtype, shape, nodes, attributes))
}
