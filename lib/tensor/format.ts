import { invalid, show } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { type Shape, sizeOf } from '../graph/shape.js'
import type { IsDynamic } from '../graph/shape-types.js'
import { bfloat16Value, float16Value } from './half.js'

/** The JavaScript type of an element. */
export type ElementOf<D extends DType> = D extends 'int64' ? bigint : D extends 'bool' ? boolean : number

/** Type of a tensor's elements as nested arrays; for a scalar that of the element itself. */
export type Nested<D extends DType = DType, S extends Shape = Shape> =
  IsDynamic<S> extends true
    ? ElementOf<D> | Nested<D>[]
    : S extends readonly [number, ...infer Rest extends Shape]
      ? Nested<D, Rest>[]
      : ElementOf<D>

type Data = ArrayLike<number> | ArrayLike<bigint>

/** Converts a value of a data array to the element that it represents. */
export function elementOf(value: number | bigint, dtype: DType): number | bigint | boolean {
  if (dtype === 'bool') return value !== 0
  if (dtype === 'float16') return float16Value(Number(value))
  return dtype === 'bfloat16' ? bfloat16Value(Number(value)) : value
}

/**
 * The elements as values of JSON. NaN and infinities, which JSON does not have, become null when it is written.
 * @throws INPUT_INVALID for an int64 that a number cannot represent
 */
export function elements(data: Data, dtype: DType): (number | boolean)[] {
  return Array.from({ length: data.length }, (_, index) => {
    const element = elementOf(data[index]!, dtype)
    if (typeof element !== 'bigint') return element
    if (!Number.isSafeInteger(Number(element)))
      throw invalid('INPUT_INVALID', `toJSON: element ${index}`, 'a number of less than 2^53', show(element))
    return Number(element)
  })
}

export function nest(data: Data, shape: Shape, dtype: DType): Nested {
  const build = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return elementOf(data[offset]!, dtype)
    const step = sizeOf(shape.slice(axis + 1))
    return Array.from({ length: shape[axis]! }, (_, index) => build(axis + 1, offset + index * step))
  }
  return build(0, 0)
}

/** A tensor of more elements than this is summarised: only the first and last indices of its long axes are shown. */
const maxFullSize = 100
/** Numbers of indices to show at each end; the first with which at most {@link maxShownElements} are shown. */
const edges = [3, 2, 1]
const maxShownElements = 1000

/** Formats elements in brackets and aligned columns, without the middle of long axes. */
export function formatTensor(data: Data, shape: Shape, dtype: DType): string {
  const indices = shownIndices(shape)
  const text = (offset: number) => formatElement(elementOf(data[offset]!, dtype), dtype)
  const width = Math.max(0, ...shownOffsets(indices, shape).map((offset) => text(offset).length))
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return text(offset).padStart(axis === 0 ? 0 : width)
    const step = sizeOf(shape.slice(axis + 1))
    const parts = indices[axis]!.map((index) => (index < 0 ? '...' : build(axis + 1, offset + index * step)))
    const inner = shape.length - 1 - axis
    return `[${parts.join(inner === 0 ? ', ' : `,${'\n'.repeat(inner)}${' '.repeat(axis + 1)}`)}]`
  }
  return build(0, 0)
}

/** The indices to show of each axis; -1 stands for those left out. */
function shownIndices(shape: Shape): number[][] {
  if (sizeOf(shape) <= maxFullSize) return shape.map((dim) => indicesOf(dim, dim))
  const choices = edges.map((edge) => shape.map((dim) => indicesOf(dim, edge)))
  const fits = (indices: number[][]) => sizeOf(indices.map(({ length }) => length)) <= maxShownElements
  return choices.find(fits) ?? choices.at(-1)!
}

function indicesOf(dim: number, edge: number): number[] {
  // The dots for a single index would be no shorter than its element.
  if (dim <= 2 * edge + 1) return Array.from({ length: dim }, (_, index) => index)
  const head = Array.from({ length: edge }, (_, index) => index)
  return [...head, -1, ...head.map((index) => dim - edge + index)]
}

/** Offsets of the shown elements in the data. */
function shownOffsets(indices: readonly number[][], shape: Shape): number[] {
  return indices.reduce(
    (offsets, axisIndices, axis) => {
      const step = sizeOf(shape.slice(axis + 1))
      const shown = axisIndices.filter((index) => index >= 0)
      return offsets.flatMap((offset) => shown.map((index) => offset + index * step))
    },
    [0],
  )
}

function formatElement(value: number | bigint | boolean, dtype: DType): string {
  const float = dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16'
  if (!float || typeof value !== 'number') return String(value)
  if (Object.is(value, -0)) return '-0'
  const size = Math.abs(value)
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e7)) return String(value)
  return size >= 1e-3 && size < 1e5 ? value.toFixed(4) : value.toExponential(3)
}
