// Tensors of plain float64 numbers, a number at a time: what the ops are compared with.
import * as assert from 'uvu/assert'
import type { DType } from '../../lib/graph/dtype.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'

/** Half a unit in the last place of 1 in float32: the largest relative error of one rounding. */
export const eps = 2 ** -24

export interface Nd {
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: readonly number[]
}

/** The same numbers for the same seed (Park & Miller's generator). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 7919 + 17) % 2147483647
    for (let warm = 0; warm < 8; warm++) this.below(2)
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    this.#state = (this.#state * 16807) % 2147483647
    return Math.floor((this.#state / 2147483647) * n)
  }

  /** A number from -1 to 1, exact in float32. */
  number(): number {
    return this.below(2 ** 24) / 2 ** 23 - 1
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  shuffle(n: number): number[] {
    const order = range(n)
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return order
  }

  /** A shape of the rank with sizes that find mistakes, of at most `most` elements. */
  shape(rank: number, most = 2000, sizes: readonly number[] = [1, 2, 3, 5, 7, 17]): number[] {
    const shape = Array.from({ length: rank }, () => this.pick(sizes))
    while (sizeOf(shape) > most) shape[this.below(rank)] = 1
    return shape
  }

  /** Numbers from -scale to scale. */
  numbers(shape: readonly number[], scale = 1): Nd {
    return fill(shape, () => Math.fround(this.number() * scale))
  }

  /** Whole numbers from low to high. */
  integers(shape: readonly number[], low: number, high: number): Nd {
    return fill(shape, () => low + this.below(high - low + 1))
  }
}

export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i)
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}

export function nd(shape: readonly number[], data: readonly number[]): Nd {
  assert.is(data.length, sizeOf(shape), `reference: ${data.length} numbers for [${shape}]`)
  return { shape, data }
}

/** A tensor whose element at each place is `value(place)`. */
export function fill(shape: readonly number[], value: (place: readonly number[]) => number): Nd {
  const place = shape.map(() => 0)
  const data: number[] = []
  for (let i = 0; i < sizeOf(shape); i++) {
    data.push(value(place))
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis]! === shape[axis]; axis--) place[axis] = 0
  }
  return { shape, data }
}

/** The element at a place; places of missing leading axes are left out, those on axes of size 1 do not matter. */
export function at(x: Nd, place: readonly number[]): number {
  const missing = place.length - x.shape.length
  let index = 0
  x.shape.forEach((dim, axis) => {
    index = index * dim + (dim === 1 ? 0 : place[axis + missing]!)
  })
  return x.data[index]!
}

export function map(x: Nd, f: (value: number) => number): Nd {
  return { shape: x.shape, data: x.data.map(f) }
}

export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return range(rank).map((axis) => {
    const [left, right] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1]
    return left === 1 ? right : left
  })
}

export function zip(a: Nd, b: Nd, f: (a: number, b: number) => number): Nd {
  return fill(broadcast(a.shape, b.shape), (place) => f(at(a, place), at(b, place)))
}

export function permute(x: Nd, axes: readonly number[]): Nd {
  return fill(
    axes.map((axis) => x.shape[axis]!),
    (place) => {
      const from = x.shape.map(() => 0)
      axes.forEach((axis, index) => {
        from[axis] = place[index]!
      })
      return at(x, from)
    },
  )
}

/** [..., M, K] @ [..., K, N]; of absolute values it is what the error of the product is measured by. */
export function matmul(a: Nd, b: Nd): Nd {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!]
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return fill([...outer, m, n], (place) => {
    const [batch, i, j] = [place.slice(0, -2), place.at(-2)!, place.at(-1)!]
    let sum = 0
    for (let l = 0; l < k; l++) sum += at(a, [...batch, i, l]) * at(b, [...batch, l, j])
    return sum
  })
}

export function tensor<D extends DType = 'float32'>(x: Nd, dtype?: D): Tensor<NoInfer<D>, number[]> {
  return Tensor.from([...x.data], [...x.shape], dtype ?? ('float32' as D))
}

/**
 * The same elements, but lying in memory in another way: permuted, every second of a larger tensor, or a part of one.
 * Kernels see them through strides and offsets.
 */
export function strided<D extends DType = 'float32'>(
  random: Random,
  x: Nd,
  dtype?: D,
): Tensor<NoInfer<D>, readonly number[]> {
  const rank = x.shape.length
  if (rank === 0) return tensor(x, dtype)
  const kind = random.below(4)
  if (kind === 0) return tensor(x, dtype)
  if (kind === 1) {
    const axes = random.shuffle(rank)
    const back = axes.map((_, axis) => axes.indexOf(axis))
    return ops.permute(tensor(permute(x, axes), dtype), back)
  }
  const axis = random.below(rank)
  const step = kind === 2 ? 2 : 1
  const [before, after] = [random.below(3), random.below(3)]
  const dim = x.shape[axis]!
  const larger = x.shape.map((old, index) => (index === axis ? before + dim * step + after : old))
  const stored = fill(larger, (place) => {
    const along = (place[axis]! - before) / step
    if (!Number.isInteger(along) || along < 0 || along >= dim) return 1
    return at(
      { ...x },
      place.map((p, index) => (index === axis ? along : p)),
    )
  })
  return ops.slice(tensor(stored, dtype), { axis, start: before, end: before + dim * step, step })
}

/** Elements as numbers: booleans as 0 and 1, int64 as numbers. */
export async function numbersOf(x: Tensor): Promise<number[]> {
  return Array.from(await x.data(), Number)
}

/** Asserts that two lists are equal, bit for bit (any NaN is like any other). uvu would take hours to show long ones. */
export function assertNumbers(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.is(actual.length, expected.length, `${what}: number of elements`)
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i]))
      assert.unreachable(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`)
  }
}

/** Asserts shape and elements, each bit for bit (any NaN is like any other). */
export async function assertSame(actual: Tensor, expected: Nd, what: string): Promise<void> {
  assert.equal([...actual.shape], [...expected.shape], `${what}: shape`)
  assertNumbers(await numbersOf(actual), expected.data, what)
}

/**
 * Asserts shape and elements, each within `bound` of the expected one. NaN and infinities must be themselves.
 * @param bound of each element, absolute: a number, numbers of the same shape, or a function of the expected value
 */
export async function assertClose(
  actual: Tensor,
  expected: Nd,
  bound: number | Nd | ((value: number) => number),
  what: string,
): Promise<void> {
  assert.equal([...actual.shape], [...expected.shape], `${what}: shape`)
  const data = await numbersOf(actual)
  assert.is(data.length, expected.data.length, `${what}: number of elements`)
  expected.data.forEach((value, i) => {
    const got = data[i]!
    // What float32 cannot hold is infinite, and what is smaller than it can hold is lost.
    const rounded = Math.fround(value)
    if (!Number.isFinite(rounded)) {
      if (!Object.is(got, rounded)) assert.unreachable(`${what}: element ${i} is ${got}, expected ${rounded}`)
      return
    }
    const allowed =
      typeof bound === 'number' ? bound : typeof bound === 'function' ? bound(value) : bound.data[i]!
    if (!(Math.abs(got - value) <= allowed + 2 ** -149))
      assert.unreachable(
        `${what} [${expected.shape}]: element ${i} is ${got}, expected ${value} ± ${allowed}`,
      )
  })
}
