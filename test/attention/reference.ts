// Attention in float64, a number at a time: what the functions of the room are compared with. Matrices are lists of rows.
import { type FloatTensor, reshape } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'

export type Matrix = readonly (readonly number[])[]

/** Numbers from -1 to 1, the same ones for the same seed, exact in float32. */
export function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  let state = seed * 7919 + 17
  const next = () => {
    state = (state * 16807) % 2147483647
    return Math.fround((state / 2147483647) * 2 - 1)
  }
  for (let warm = 0; warm < 8; warm++) next()
  return Array.from({ length: rows }, () => Array.from({ length: columns }, next))
}

export function tensorOf(matrix: Matrix): FloatTensor {
  return Tensor.from(matrix.flat(), [matrix.length, matrix[0]!.length])
}

/** Matrices as the entries of a batch: [...outer, rows, columns]. */
export function batchOf(matrices: readonly Matrix[], outer: readonly number[]): FloatTensor {
  const [first] = matrices as [Matrix]
  const flat = Tensor.from(matrices.flat(2), [matrices.length, first.length, first[0]!.length])
  return reshape(flat, [...outer, first.length, first[0]!.length])
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, index) => sum + x * b[index]!, 0)
}

export function pairs(
  queries: Matrix,
  keys: Matrix,
  similarity: (q: readonly number[], k: readonly number[]) => number,
): Matrix {
  return queries.map((q) => keys.map((k) => similarity(q, k)))
}

export function softmaxRows(matrix: Matrix): Matrix {
  return matrix.map((row) => {
    const most = Math.max(...row)
    if (most === Number.NEGATIVE_INFINITY) return row.map(() => 0)
    const powers = row.map((x) => Math.exp(x - most))
    const total = powers.reduce((sum, x) => sum + x, 0)
    return powers.map((x) => x / total)
  })
}

export function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    b[0]!.map((_, column) => row.reduce((sum, x, index) => sum + x * b[index]![column]!, 0)),
  )
}

/** Largest difference of a tensor's elements from a list in the same order; NaN only matches NaN. */
export async function worst(actual: Tensor, expected: readonly number[]): Promise<number> {
  const data = Array.from(await (actual as FloatTensor).data())
  if (data.length !== expected.length) return Number.POSITIVE_INFINITY
  return data.reduce((most, x, index) => {
    const other = expected[index]!
    if (Object.is(x, other) || x === other) return most
    const difference = Math.abs(x - other)
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference)
  }, 0)
}
