import { SaccadeError } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { isDType } from '../graph/dtype.js'
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
} from '../graph/shape.js'
import type { Permute, SameRank } from '../graph/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { makeTensor, requireTensor, requireWhole } from './check.js'

/**
 * The same elements, row-major, under another shape. One size may be -1: what is left.
 * @throws SHAPE_MISMATCH if the numbers of elements differ
 */
export function reshape<D extends DType, const T extends Shape>(x: Tensor<D>, shape: T): Tensor<D, T> {
  requireTensor(x, 'reshape')
  const sizes = inferSize(shape, x.size)
  checkShape(sizes, 'reshape')
  if (sizeOf(sizes) !== x.size)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `reshape: ${formatShape(x.shape)} does not fit ${formatShape(shape)}`,
    )
  return sameShape(sizes, x.shape)
    ? (x as unknown as Tensor<D, T>)
    : makeTensor('reshape', x.dtype, sizes, [x])
}

function inferSize(shape: Shape, size: number): number[] {
  const place = shape.indexOf(-1)
  const sizes = [...shape]
  if (place < 0) return sizes
  const known = sizeOf(shape.filter((_, axis) => axis !== place))
  if (known <= 0 || size % known !== 0)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `reshape: ${size} elements do not divide into ${formatShape(shape)}`,
    )
  sizes[place] = size / known
  return sizes
}

/** Reorders the axes: axis i of the result is axis `axes[i]` of `x`. No elements are moved. */
export function permute<D extends DType, S extends Shape, const A extends readonly number[]>(
  x: Tensor<D, S>,
  axes: A,
): Tensor<D, Permute<S, A>> {
  requireTensor(x, 'permute')
  const order = axes.map((axis) => normalizeAxis(axis, x.rank, 'permute'))
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `permute: ${formatShape(axes)} does not name each axis of ${formatShape(x.shape)} once`,
    )
  if (order.every((axis, index) => axis === index)) return x as unknown as Tensor<D, Permute<S, A>>
  return makeTensor(
    'permute',
    x.dtype,
    order.map((axis) => x.shape[axis]!),
    [x],
    { axes: order },
  )
}

/** Exchanges two axes; by default the last two. */
export function transpose<D extends DType, S extends Shape>(
  x: Tensor<D, S>,
  a = -2,
  b = -1,
): Tensor<D, SameRank<S>> {
  requireTensor(x, 'transpose')
  const axes = x.shape.map((_, axis) => axis)
  const [first, second] = [normalizeAxis(a, x.rank, 'transpose'), normalizeAxis(b, x.rank, 'transpose')]
  axes[first] = second
  axes[second] = first
  return permute(x as Tensor<D>, axes) as unknown as Tensor<D, SameRank<S>>
}

/** Repeats axes of size 1, and adds leading axes, by NumPy's broadcasting rule. Nothing is copied. */
export function expand<D extends DType, const T extends Shape>(x: Tensor<D>, shape: T): Tensor<D, T> {
  requireTensor(x, 'expand')
  checkShape(shape, 'expand')
  if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `expand: ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
    )
  return sameShape(x.shape, shape)
    ? (x as unknown as Tensor<D, T>)
    : makeTensor('expand', x.dtype, [...shape], [x])
}

/** Removes an axis of size 1. */
export function squeeze<D extends DType>(x: Tensor<D>, axis: number): Tensor<D> {
  const place = normalizeAxis(axis, x.rank, 'squeeze')
  if (x.shape[place] !== 1)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `squeeze: axis ${axis} of ${formatShape(x.shape)} is not of size 1`,
    )
  return reshape(
    x,
    x.shape.filter((_, index) => index !== place),
  )
}

/** Adds an axis of size 1 before `axis`; -1 adds it at the end. */
export function unsqueeze<D extends DType>(x: Tensor<D>, axis: number): Tensor<D> {
  const place = normalizeAxis(axis, x.rank + 1, 'unsqueeze')
  return reshape(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)])
}

/** Places start, start + step, ... before end on an axis; negative places count from the end. */
export interface SliceOptions {
  readonly axis: number
  readonly start?: number
  readonly end?: number
  readonly step?: number
}

/**
 * A part of an axis, without a copy. As in Python, places past the ends are cut off.
 * @throws OPTION_INVALID for a step below 1
 */
export function slice<D extends DType, S extends Shape>(
  x: Tensor<D, S>,
  options: SliceOptions,
): Tensor<D, SameRank<S>> {
  requireTensor(x, 'slice')
  const axis = normalizeAxis(options.axis, x.rank, 'slice')
  const dim = x.shape[axis]!
  const { step = 1 } = options
  requireWhole(step, 1, 'slice: step')
  const clip = (place: number) => {
    if (!Number.isInteger(place))
      throw new SaccadeError('OPTION_INVALID', `slice: places are whole numbers, got ${place}`)
    return Math.min(dim, Math.max(0, place < 0 ? place + dim : place))
  }
  const start = clip(options.start ?? 0)
  const end = clip(options.end ?? dim)
  const size = Math.max(0, Math.ceil((end - start) / step))
  if (size === dim) return x as unknown as Tensor<D, SameRank<S>>
  const shape = x.shape.map((old, index) => (index === axis ? size : old))
  const starts = x.shape.map((_, index) => (index === axis ? start : 0))
  const steps = x.shape.map((_, index) => (index === axis ? step : 1))
  return makeTensor('slice', x.dtype, shape, [x], { starts, steps })
}

/** One place of an axis, which is removed. */
export function select<D extends DType>(x: Tensor<D>, axis: number, place: number): Tensor<D> {
  const dim = x.shape[normalizeAxis(axis, x.rank, 'select')]!
  const index = place < 0 ? place + dim : place
  if (!Number.isInteger(place) || index < 0 || index >= dim)
    throw new SaccadeError(
      'INDEX_OUT_OF_RANGE',
      `select: place ${place} is outside axis ${axis} of ${formatShape(x.shape)}`,
    )
  return squeeze(slice(x, { axis, start: index, end: index + 1 }), axis)
}

/** Cuts an axis into parts of the given sizes, which must add up to it. */
export function split<D extends DType>(x: Tensor<D>, sizes: readonly number[], axis = -1): Tensor<D>[] {
  const place = normalizeAxis(axis, x.rank, 'split')
  if (sizes.reduce((sum, size) => sum + size, 0) !== x.shape[place])
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `split: ${formatShape(sizes)} does not add up to axis ${axis} of ${formatShape(x.shape)}`,
    )
  let start = 0
  return sizes.map((size) => {
    start += size
    return slice(x, { axis: place, start: start - size, end: start })
  })
}

/**
 * Joins tensors along an axis; their other sizes and types must be equal.
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function concat<D extends DType>(tensors: readonly Tensor<D>[], axis = 0): Tensor<D> {
  const [first] = tensors
  if (!first) throw new SaccadeError('INPUT_INVALID', 'concat: nothing to join')
  for (const tensor of tensors) requireTensor(tensor, 'concat')
  if (tensors.length === 1) return first
  const place = normalizeAxis(axis, first.rank, 'concat')
  for (const tensor of tensors) {
    if (tensor.dtype !== first.dtype)
      throw new SaccadeError(
        'DTYPE_MISMATCH',
        `concat: ${first.describe()} and ${tensor.describe()} differ in type`,
      )
    if (
      tensor.rank !== first.rank ||
      tensor.shape.some((dim, index) => index !== place && dim !== first.shape[index])
    )
      throw new SaccadeError(
        'SHAPE_MISMATCH',
        `concat: ${formatShape(first.shape)} and ${formatShape(tensor.shape)} differ beside axis ${axis}`,
      )
  }
  const total = tensors.reduce((sum, tensor) => sum + tensor.shape[place]!, 0)
  const shape = first.shape.map((dim, index) => (index === place ? total : dim))
  return makeTensor('concat', first.dtype, shape, tensors, { axis: place })
}

/** Joins tensors of one shape along a new axis. */
export function stack<D extends DType>(tensors: readonly Tensor<D>[], axis = 0): Tensor<D> {
  return concat(
    tensors.map((tensor) => unsqueeze(tensor, axis)),
    axis,
  )
}

/** Adds places with one value before and after each axis: `[[before, after], ...]`, an entry an axis. */
export function pad<D extends DType>(
  x: Tensor<D>,
  widths: readonly (readonly [number, number])[],
  value = 0,
): Tensor<D> {
  requireTensor(x, 'pad')
  if (widths.length !== x.rank)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `pad: ${widths.length} pairs of widths for ${formatShape(x.shape)}`,
    )
  for (const width of widths.flat()) requireWhole(width, 0, 'pad: a width')
  if (widths.flat().every((width) => width === 0)) return x
  const shape = x.shape.map((dim, axis) => dim + widths[axis]![0] + widths[axis]![1])
  return makeTensor('pad', x.dtype, shape, [x], { before: widths.map(([before]) => before), value })
}

/** Converts elements to another type. Floats become integers by truncation, and bool by `!= 0`. */
export function cast<T extends DType, S extends Shape>(x: Tensor<DType, S>, dtype: T): Tensor<T, S> {
  requireTensor(x, 'cast')
  if (!isDType(dtype)) throw new SaccadeError('DTYPE_MISMATCH', `cast: unknown data type '${String(dtype)}'`)
  return x.dtype === dtype ? (x as unknown as Tensor<T, S>) : makeTensor('copy', dtype, x.shape, [x])
}
