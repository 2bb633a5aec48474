import { invalid, SaccadeError, show } from '../errors.js'
import type { KnownAxes } from '../graph/axis-types.js'
import type { DType } from '../graph/dtype.js'
import { GraphNode, type Node } from '../graph/node.js'
import { checkShape, formatShape, hasRank, type Shape, type Sizes } from '../graph/shape.js'
import type { Fitting, IsDynamic, NotScalar, SameSizes } from '../graph/shape-types.js'
import { optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { readList } from '../values.js'

export type FloatTensor<S extends Shape = Shape> = Tensor<'float32', S>

/** Constraint on a parameter of type `Axis`: an axis of the shape, or a list of them. */
export type OnAxis<S extends Shape, Axis> = Fitting<KnownAxes<S, Axis>, 'the tensor has no such axis'>

/** Constraint on a tensor whose last axis an op uses: it must have an axis. */
export type Rows<S extends Shape> = Fitting<NotScalar<S>, 'a scalar has no axis'>

/** Constraint on a tensor of shape `V`: a vector of `Size` numbers. */
export type VectorOf<V extends Shape, Size extends number> = Fitting<
  IsDynamic<V> extends true ? V : SameSizes<V, [Size]>,
  'expected a vector, of the size of the last axis'
>

/** Throws INPUT_INVALID unless `x` is a tensor, and DISPOSED if it was disposed. */
export function requireTensor(x: unknown, what: string): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw invalid('INPUT_INVALID', what, 'a tensor', show(x))
  if (x.disposed) throw new SaccadeError('DISPOSED', `${what}: the tensor ${x.describe()} was disposed`)
}

/** Throws DTYPE_MISMATCH unless the tensor has one of the types. */
export function requireDType(x: Tensor, dtypes: readonly DType[], what: string): void {
  requireTensor(x, what)
  if (!dtypes.includes(x.dtype)) throw invalid('DTYPE_MISMATCH', what, dtypes.join(' or '), x.describe())
}

export function requireFloat(x: Tensor, what: string): void {
  requireDType(x, ['float32'], what)
}

/**
 * Throws SHAPE_MISMATCH unless the tensor has the rank.
 * @param axes names of the axes for the error message: '[batch, tokens, hidden size]'
 * @returns their sizes
 */
export function requireRank<const Rank extends number>(
  x: Tensor,
  rank: Rank,
  axes: string,
  what: string,
): Sizes<Rank> {
  requireTensor(x, what)
  const { shape } = x
  if (!hasRank(shape, rank)) throw invalid('SHAPE_MISMATCH', what, `rank ${rank} ${axes}`, formatShape(shape))
  return shape
}

/** A copy of a list of tensors, not empty. @throws INPUT_INVALID naming the item that is none */
export function requireTensors<T extends Tensor>(tensors: readonly T[], what: string): readonly [T, ...T[]] {
  const isTensor = (x: unknown): x is T => x instanceof Tensor
  const [first, ...rest] = readList(tensors, isTensor, {
    what,
    expected: 'a list of tensors',
    item: 'a tensor',
  })
  if (!first) throw invalid('INPUT_INVALID', what, 'a list of tensors', 'an empty list')
  return [first, ...rest]
}

/** Throws SHAPE_MISMATCH unless the tensor has the shape. */
export function requireShape(x: Tensor, shape: Shape, what: string): void {
  if (x.rank !== shape.length || shape.some((dim, axis) => dim !== x.shape[axis]))
    throw invalid('SHAPE_MISMATCH', what, formatShape(shape), formatShape(x.shape))
}

/** Throws OPTION_INVALID unless the number is whole and at least `least`. */
export function requireWhole(value: number, least: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < least)
    optionInvalid(what, value, `a whole number of at least ${least}`)
}

/** The graph node of an operand. @throws DISPOSED */
export function nodeOf(x: Tensor, what: string): Node {
  if (x.disposed) throw new SaccadeError('DISPOSED', `${what}: the tensor ${x.describe()} was disposed`)
  return x.node
}

/** Makes the tensor of a new node. @throws SHAPE_MISMATCH if the shape has too many axes or elements */
export function makeTensor<D extends DType, S extends Shape>(node: Node): Tensor<D, S> {
  checkShape(node.shape, node.op)
  return new Tensor<D, S>(node)
}

/**
 * Makes the tensor of a node that an op derived from `x`, or of the node of `x` itself if the op changes nothing. The new
 * tensor gets a node of its own in either case: otherwise dispose() of the result would dispose `x` too.
 */
export function tensorOf<D extends DType, S extends Shape>(node: Node, x: Tensor): Tensor<D, S> {
  if (node !== x.node || node.isConstant) return new Tensor<D, S>(node)
  return new Tensor<D, S>(new GraphNode('reshape', [node], { shape: node.shape }))
}
