import type { DType } from '../graph/dtype.js'
import { type Shape, sizeOf } from '../graph/shape.js'
import type { IsDynamic } from '../graph/shape-types.js'
import { bfloat16Value, float16Value } from './half.js'

/** What stands for one element in JavaScript. */
export type ElementOf<D extends DType> = D extends 'int64' ? bigint : D extends 'bool' ? boolean : number

/** A tensor's elements as nested arrays; a scalar as the element itself. */
export type Nested<D extends DType = DType, S extends Shape = Shape> =
  IsDynamic<S> extends true
    ? ElementOf<D> | Nested<D>[]
    : S extends readonly [number, ...infer Rest extends Shape]
      ? Nested<D, Rest>[]
      : ElementOf<D>

type Data = ArrayLike<number> | ArrayLike<bigint>

/** One element of the data; 16-bit floats come as their bits. */
export function elementOf(value: number | bigint, dtype: DType): number | bigint | boolean {
  if (dtype === 'bool') return value !== 0
  if (dtype === 'float16') return float16Value(Number(value))
  return dtype === 'bfloat16' ? bfloat16Value(Number(value)) : value
}

export function nest(data: Data, shape: Shape, dtype: DType): Nested {
  const build = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return elementOf(data[offset]!, dtype)
    const step = sizeOf(shape.slice(axis + 1))
    return Array.from({ length: shape[axis]! }, (_, index) => build(axis + 1, offset + index * step))
  }
  return build(0, 0)
}

/** A tensor of more elements than this shows the first and last few places of its long axes only. */
const fullSize = 100
/** How many places at either end, if those are not too many together; else fewer. */
const edges = [3, 2, 1]
const mostShown = 1000

/** Elements in brackets, aligned in columns, the middle of long axes left out. */
export function formatTensor(data: Data, shape: Shape, dtype: DType): string {
  const places = shownPlaces(shape)
  const text = (place: number) => formatElement(elementOf(data[place]!, dtype), dtype)
  const width = Math.max(0, ...shownElements(places, shape).map((place) => text(place).length))
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return text(offset).padStart(axis === 0 ? 0 : width)
    const step = sizeOf(shape.slice(axis + 1))
    const parts = places[axis]!.map((index) => (index < 0 ? '...' : build(axis + 1, offset + index * step)))
    const inner = shape.length - 1 - axis
    return `[${parts.join(inner === 0 ? ', ' : `,${'\n'.repeat(inner)}${' '.repeat(axis + 1)}`)}]`
  }
  return build(0, 0)
}

/** For each axis the places to show; -1 stands for those left out. */
function shownPlaces(shape: Shape): number[][] {
  if (sizeOf(shape) <= fullSize) return shape.map((dim) => placesOf(dim, dim))
  const choices = edges.map((edge) => shape.map((dim) => placesOf(dim, edge)))
  return choices.find((places) => sizeOf(places.map(({ length }) => length)) <= mostShown) ?? choices.at(-1)!
}

function placesOf(dim: number, edge: number): number[] {
  // Leaving out a single place would not make the line shorter.
  if (dim <= 2 * edge + 1) return Array.from({ length: dim }, (_, index) => index)
  const head = Array.from({ length: edge }, (_, index) => index)
  return [...head, -1, ...head.map((index) => dim - edge + index)]
}

/** Where in the data the shown elements are. */
function shownElements(places: readonly number[][], shape: Shape): number[] {
  return places.reduce(
    (found, axisPlaces, axis) => {
      const step = sizeOf(shape.slice(axis + 1))
      const shown = axisPlaces.filter((index) => index >= 0)
      return found.flatMap((place) => shown.map((index) => place + index * step))
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
