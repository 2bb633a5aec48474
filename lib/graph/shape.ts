import { invalid, show } from '../errors.js'
import { attempt, isInteger, readList } from '../values.js'

/** Sizes of the axes, outermost first; [] is a scalar. With literal tuples TypeScript checks the sizes too. */
export type Shape = readonly number[]

const maxRank = 8

/** A tuple of `Rank` sizes. */
export type Sizes<Rank extends number, Known extends Shape = readonly []> = Known['length'] extends Rank
  ? Known
  : Sizes<Rank, readonly [...Known, number]>

export function hasRank<Rank extends number>(shape: Shape, rank: Rank): shape is Shape & Sizes<Rank> {
  return shape.length === rank
}

/** The sizes of a shape whose rank is fixed by the op's definition. @throws INTERNAL for another rank */
export function sizesOf<const Rank extends number>(shape: Shape, rank: Rank): Sizes<Rank> {
  if (!hasRank(shape, rank)) throw invalid('INTERNAL', 'shape', `rank ${rank}`, formatShape(shape))
  return shape
}

/** A shape as error messages show it: [2, 3]. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const dim of shape) size *= dim
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

/** Strides, in elements, of a row-major tensor. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}

/** Throws SHAPE_MISMATCH unless `shape` is a list of at most {@link maxRank} whole numbers. */
export function checkShape(shape: Shape, what: string): void {
  const rank = attempt(() => (Array.isArray(shape) ? shape.length : undefined))
  if (rank !== undefined && rank > maxRank)
    throw invalid('SHAPE_MISMATCH', what, `a shape of at most ${maxRank} axes`, `${rank} axes`)
  const valid = attempt(
    () => rank !== undefined && !shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0),
  )
  if (!valid) throw invalid('SHAPE_MISMATCH', what, 'a shape, a list of whole numbers', show(shape))
  if (!Number.isSafeInteger(sizeOf(shape)))
    throw invalid('SHAPE_MISMATCH', what, 'a shape of fewer than 2^53 elements', formatShape(shape))
}

/** Converts an axis that may count from the end (-1 is the last) to one that counts from the front. */
export function normalizeAxis(axis: number, rank: number, what: string): number {
  const normalized = Number.isInteger(axis) && axis < 0 ? axis + rank : axis
  if (!Number.isInteger(normalized) || normalized < 0 || normalized >= rank)
    throw invalid('SHAPE_MISMATCH', what, `an axis of a tensor of rank ${rank}`, `axis ${show(axis)}`)
  return normalized
}

/** Converts one axis, several, or undefined (all) to a sorted list. @throws SHAPE_MISMATCH for an axis given twice */
export function normalizeAxes(
  axes: number | readonly number[] | undefined,
  rank: number,
  what: string,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = typeof axes === 'number' ? [normalizeAxis(axes, rank, what)] : normalizeEach(axes, rank, what)
  if (new Set(list).size !== list.length)
    throw invalid('SHAPE_MISMATCH', what, 'each axis at most once', formatShape(list))
  return list.sort((a, b) => a - b)
}

/** Each axis of a list; see {@link normalizeAxis}. */
export function normalizeEach(axes: readonly number[], rank: number, what: string): number[] {
  const names = {
    what: `${what}: axes`,
    expected: 'a list of axes',
    item: 'an axis',
    code: 'SHAPE_MISMATCH',
  } as const
  return readList(axes, isInteger, names).map((axis) => normalizeAxis(axis, rank, what))
}

/** The shape both broadcast to by NumPy's rule: aligned at the last axis, sizes equal or 1. */
export function broadcastShapes(a: Shape, b: Shape, what: string): number[] {
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1)
      throw invalid(
        'SHAPE_MISMATCH',
        what,
        'shapes that broadcast',
        `${formatShape(a)} and ${formatShape(b)} (${left} against ${right})`,
      )
    shape[axis] = left === 1 ? right : left
  }
  return shape
}
