import { invalid, show } from '../errors.js'
import type { Inferred, Insert, Permute, Remove, Replace, SizeAt, Transpose } from '../graph/axis-types.js'
import { type DType, isDType } from '../graph/dtype.js'
import { GraphNode } from '../graph/node.js'
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxis,
  normalizeEach,
  type Shape,
  sameShape,
  sizeOf,
} from '../graph/shape.js'
import type { Expand, Fitting, SameSize } from '../graph/shape-types.js'
import { expandNode, permuteNode, reshapeNode, sliceNode } from '../graph/views.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { isInteger, readList } from '../values.js'
import { makeTensor, nodeOf, type OnAxis, type Rows, requireTensor, requireWhole, tensorOf } from './check.js'

/**
 * Changes the shape; the elements keep their row-major order. One size may be -1: it is inferred from the others.
 * @throws SHAPE_MISMATCH if the numbers of elements differ
 */
export function reshape<D extends DType, const T extends Shape>(
  x: Tensor<D>,
  shape: T,
): Tensor<D, Inferred<T>> {
  requireTensor(x, 'reshape')
  const sizes = inferSize(shape, x.size)
  checkShape(sizes, 'reshape')
  if (sizeOf(sizes) !== x.size)
    throw invalid(
      'SHAPE_MISMATCH',
      'reshape',
      `${x.size} elements, as in ${formatShape(x.shape)}`,
      formatShape(sizes),
    )
  return tensorOf(reshapeNode(nodeOf(x, 'reshape'), sizes), x)
}

function inferSize(given: Shape, size: number): Shape {
  const names = {
    what: 'reshape',
    expected: 'a shape, a list of whole numbers',
    code: 'SHAPE_MISMATCH',
  } as const
  const shape = readList(given, isInteger, { ...names, item: 'a whole number, or -1 for one of them' })
  const inferred = shape.indexOf(-1)
  if (inferred < 0) return shape
  const known = sizeOf(shape.filter((_, axis) => axis !== inferred))
  if (!(known > 0) || size % known !== 0)
    throw invalid('SHAPE_MISMATCH', 'reshape', `sizes that divide ${size} elements`, formatShape(shape))
  return shape.map((dim, axis) => (axis === inferred ? size / known : dim))
}

/** Reorders the axes: axis i of the result is axis `axes[i]` of `x`. Nothing is copied. @throws SHAPE_MISMATCH */
export function permute<D extends DType, S extends Shape, const A extends readonly number[]>(
  x: Tensor<D, S>,
  axes: A & Fitting<Permute<S, A>, 'the axes are not those of the tensor'>,
): Tensor<D, Permute<S, A>> {
  requireTensor(x, 'permute')
  const order = normalizeEach(axes, x.rank, 'permute')
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    throw invalid(
      'SHAPE_MISMATCH',
      'permute',
      `each axis of ${formatShape(x.shape)} once`,
      formatShape(order),
    )
  return tensorOf(permuteNode(nodeOf(x, 'permute'), order), x)
}

/** Exchanges two axes, by default the last two. Nothing is copied. @throws SHAPE_MISMATCH */
export function transpose<
  D extends DType,
  S extends Shape,
  const A extends number = -2,
  const B extends number = -1,
>(
  x: Tensor<D, S> & Fitting<Transpose<S, A, B>, 'the tensor has no such axes'>,
  a?: A,
  b?: B,
): Tensor<D, Transpose<S, A, B>> {
  requireTensor(x, 'transpose')
  const axes = x.shape.map((_, axis) => axis)
  const first = normalizeAxis(a ?? -2, x.rank, 'transpose')
  const second = normalizeAxis(b ?? -1, x.rank, 'transpose')
  axes[first] = second
  axes[second] = first
  return tensorOf(permuteNode(nodeOf(x, 'transpose'), axes), x)
}

/** Repeats axes of size 1, and adds leading axes, by NumPy's broadcasting rule. Nothing is copied. @throws SHAPE_MISMATCH */
export function expand<D extends DType, S extends Shape, const T extends Shape>(
  x: Tensor<D, S>,
  shape: T & Fitting<Expand<S, T>, 'the tensor does not broadcast to the shape'>,
): Tensor<D, Expand<S, T>> {
  requireTensor(x, 'expand')
  checkShape(shape, 'expand')
  if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape))
    throw invalid(
      'SHAPE_MISMATCH',
      'expand',
      `a shape to which ${formatShape(x.shape)} broadcasts`,
      formatShape(shape),
    )
  return tensorOf(expandNode(nodeOf(x, 'expand'), [...shape]), x)
}

/** Removes an axis of size 1. @throws SHAPE_MISMATCH */
export function squeeze<D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  axis: A & OnAxis<S, A> & Fitting<SameSize<SizeAt<S, A>, 1>, 'the axis is not of size 1'>,
): Tensor<D, Remove<S, A>> {
  requireTensor(x, 'squeeze')
  const removed = normalizeAxis(axis, x.rank, 'squeeze')
  if (x.shape[removed] !== 1)
    throw invalid('SHAPE_MISMATCH', 'squeeze', `size 1 on axis ${axis}`, formatShape(x.shape))
  const shape = x.shape.filter((_, index) => index !== removed)
  return tensorOf(reshapeNode(nodeOf(x, 'squeeze'), shape), x)
}

/** Adds an axis of size 1 before `axis`; -1 adds it at the end. @throws SHAPE_MISMATCH */
export function unsqueeze<D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  axis: A & OnAxis<[...S, 1], A>,
): Tensor<D, Insert<S, A, 1>> {
  requireTensor(x, 'unsqueeze')
  const axisIndex = normalizeAxis(axis, x.rank + 1, 'unsqueeze')
  const shape = [...x.shape.slice(0, axisIndex), 1, ...x.shape.slice(axisIndex)]
  checkShape(shape, 'unsqueeze')
  return tensorOf(reshapeNode(nodeOf(x, 'unsqueeze'), shape), x)
}

/** The indices start, start + step, ... below end on an axis. Negative ones count from the end. */
export interface SliceOptions<A extends number = number> {
  readonly axis: A
  readonly start?: number
  readonly end?: number
  readonly step?: number
}

/**
 * A part of an axis. Nothing is copied. As in Python, start and end are limited to the axis.
 * @throws SHAPE_MISMATCH for an axis that the tensor does not have; OPTION_INVALID for a step below 1
 */
export function slice<D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  options: SliceOptions<A> & { readonly axis: OnAxis<S, A> },
): Tensor<D, Replace<S, A, number>> {
  requireTensor(x, 'slice')
  const given = checkOptions(options, ['axis', 'start', 'end', 'step'], 'slice')
  const axis = normalizeAxis(given.axis, x.rank, 'slice')
  const dim = x.shape[axis]!
  const { start = 0, end = dim, step = 1 } = given
  requireWhole(step, 1, 'slice: step')
  const from = clampIndex(start, dim)
  const size = Math.max(0, Math.ceil((clampIndex(end, dim) - from) / step))
  return tensorOf(sliceNode(nodeOf(x, 'slice'), axis, from, size, step), x)
}

function clampIndex(index: number, dim: number): number {
  if (!Number.isInteger(index)) optionInvalid('slice: start and end', index, 'whole numbers')
  return Math.min(dim, Math.max(0, index < 0 ? index + dim : index))
}

/**
 * Takes one index of an axis and removes the axis. A negative index counts from the end.
 * @throws INDEX_OUT_OF_RANGE, SHAPE_MISMATCH
 */
export function select<D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  axis: A & OnAxis<S, A>,
  index: number,
): Tensor<D, Remove<S, A>> {
  requireTensor(x, 'select')
  const axisIndex = normalizeAxis(axis, x.rank, 'select')
  const dim = x.shape[axisIndex]!
  const start = Number.isInteger(index) && index < 0 ? index + dim : index
  if (!Number.isInteger(start) || start < 0 || start >= dim)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      'select: index',
      `a whole number from ${-dim} to ${dim - 1} for axis ${axis} of ${formatShape(x.shape)}`,
      show(index),
    )
  const shape = x.shape.filter((_, other) => other !== axisIndex)
  return tensorOf(reshapeNode(sliceNode(nodeOf(x, 'select'), axisIndex, start, 1), shape), x)
}

/**
 * Splits an axis (default: the last) into parts of the given sizes. Nothing is copied.
 * @throws SHAPE_MISMATCH unless the sizes add up to that of the axis
 */
export function split<
  D extends DType,
  S extends Shape,
  const Sizes extends readonly number[],
  const A extends number = -1,
>(
  x: Tensor<D, S> & Rows<S>,
  sizes: Sizes,
  axis?: A & OnAxis<S, A>,
): { -readonly [I in keyof Sizes]: Tensor<D, Replace<S, A, Sizes[I]>> } {
  requireTensor(x, 'split')
  const axisIndex = normalizeAxis(axis ?? -1, x.rank, 'split')
  const given = readList(sizes, isInteger, {
    what: 'split: sizes',
    expected: 'a list of sizes',
    item: 'a size',
  })
  for (const size of given) requireWhole(size, 0, 'split: a size')
  if (given.reduce((sum, size) => sum + size, 0) !== x.shape[axisIndex])
    throw invalid(
      'SHAPE_MISMATCH',
      'split',
      `sizes that add up to axis ${axis ?? -1} of ${formatShape(x.shape)}`,
      formatShape(given),
    )
  const node = nodeOf(x, 'split')
  let start = 0
  const parts = given.map((size) => {
    start += size
    return tensorOf(sliceNode(node, axisIndex, start - size, size), x)
  })
  return parts as { -readonly [I in keyof Sizes]: Tensor<D, Replace<S, A, Sizes[I]>> }
}

/**
 * Converts elements to another data type. Floats are truncated to integers; numbers become bool by `!= 0`. Values outside
 * the range of an integer type become its minimum or maximum, and NaN becomes 0.
 * @throws DTYPE_MISMATCH for an unknown data type
 */
export function cast<T extends DType, S extends Shape>(x: Tensor<DType, S>, dtype: T): Tensor<T, S> {
  requireTensor(x, 'cast')
  if (!isDType(dtype)) throw invalid('DTYPE_MISMATCH', 'cast', 'a data type', show(dtype))
  if (x.dtype === dtype) return tensorOf(nodeOf(x, 'cast'), x)
  return makeTensor(new GraphNode('copy', [nodeOf(x, 'cast')], { dtype }))
}
