import type { DType } from '../graph/dtype.js'
import { type Shape, sizeOf } from '../graph/shape.js'

/** Nested arrays of a tensor's elements. */
export type Nested<D extends DType = DType> = Element<D> | Nested<D>[]
type Element<D extends DType> = D extends 'int64' ? bigint : D extends 'bool' ? boolean : number

type Data = ArrayLike<number> | ArrayLike<bigint>

export function nest(data: Data, shape: Shape, dtype: DType): Nested {
  const element = (index: number): Nested => (dtype === 'bool' ? data[index] !== 0 : data[index]!)
  const build = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return element(offset)
    const step = sizeOf(shape.slice(axis + 1))
    return Array.from({ length: shape[axis]! }, (_, index) => build(axis + 1, offset + index * step))
  }
  return build(0, 0)
}

/** Axes longer than this show their first and last few places only. */
const fullLength = 8
const edge = 3

/** Elements in brackets, aligned in columns, the middle of long axes left out. */
export function formatTensor(data: Data, shape: Shape, dtype: DType): string {
  const shown = visiblePlaces(shape)
  const texts = new Map(shown.map((place) => [place, formatElement(data[place]!, dtype)]))
  const width = Math.max(0, ...[...texts.values()].map((text) => text.length))
  const build = (axis: number, offset: number, indent: string): string => {
    if (axis === shape.length) return texts.get(offset)!.padStart(shape.length === 0 ? 0 : width)
    const step = sizeOf(shape.slice(axis + 1))
    const parts = placesOf(shape[axis]!).map((index) =>
      index < 0 ? '...' : build(axis + 1, offset + index * step, `${indent} `),
    )
    const last = axis === shape.length - 1
    const blankLines = '\n'.repeat(Math.max(1, shape.length - 1 - axis))
    return `[${parts.join(last ? ', ' : `,${blankLines}${indent} `)}]`
  }
  return build(0, 0, '')
}

/** Places of an axis to show; -1 stands for those left out. */
function placesOf(dim: number): number[] {
  if (dim <= fullLength) return Array.from({ length: dim }, (_, index) => index)
  const head = Array.from({ length: edge }, (_, index) => index)
  return [...head, -1, ...head.map((index) => dim - edge + index)]
}

function visiblePlaces(shape: Shape): number[] {
  let places = [0]
  shape.forEach((dim, axis) => {
    const step = sizeOf(shape.slice(axis + 1))
    const axisPlaces = placesOf(dim).filter((place) => place >= 0)
    places = places.flatMap((place) => axisPlaces.map((index) => place + index * step))
  })
  return places
}

function formatElement(value: number | bigint, dtype: DType): string {
  if (dtype === 'bool') return value ? 'true' : 'false'
  if (dtype !== 'float32' || typeof value === 'bigint') return String(value)
  if (!Number.isFinite(value) || Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  const size = Math.abs(value)
  return size >= 1e-3 && size < 1e5 ? value.toFixed(4) : value.toExponential(3)
}
