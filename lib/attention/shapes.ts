import { invalid } from '../errors.js'
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js'
import type { Broadcast, IsDynamic, MatMul } from '../graph/shape-types.js'
import { requireFloat } from '../ops/check.js'
import type { FloatTensor } from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

type Transposed<S extends Shape> = S extends readonly [
  ...infer Outer extends Shape,
  infer Rows extends number,
  infer Columns extends number,
]
  ? [...Outer, Columns, Rows]
  : never

/** Shape of the similarities of queries Q and keys K, [..., Nq, Nk]; `never` if their widths differ. */
export type Similarity<Q extends Shape, K extends Shape> =
  IsDynamic<Q> extends true ? Shape : IsDynamic<K> extends true ? Shape : MatMul<Q, Transposed<K>>

/** The same for similarities of vectors of different widths. */
export type Pairs<Q extends Shape, K extends Shape> =
  IsDynamic<Q> extends true
    ? Shape
    : IsDynamic<K> extends true
      ? Shape
      : Q extends readonly [...infer QOuter extends Shape, infer Nq extends number, number]
        ? K extends readonly [...infer KOuter extends Shape, infer Nk extends number, number]
          ? [Broadcast<QOuter, KOuter>] extends [never]
            ? never
            : [...Broadcast<QOuter, KOuter>, Nq, Nk]
          : never
        : never

/** Throws unless queries and keys are float32 [..., positions, width] whose outer axes broadcast. */
export function checkPair(q: FloatTensor, k: FloatTensor, what: string): void {
  checkSequence(q, `${what}: queries`)
  checkSequence(k, `${what}: keys`)
  broadcastShapes(q.shape.slice(0, -2), k.shape.slice(0, -2), `${what}: queries and keys`)
}

/** Throws DTYPE_MISMATCH or SHAPE_MISMATCH unless `x` is float32 [..., positions, width]. */
export function checkSequence(x: FloatTensor, what: string): void {
  requireFloat(x, what)
  if (x.rank < 2) throw invalid('SHAPE_MISMATCH', what, '[..., positions, width]', formatShape(x.shape))
}

/** Throws unless `x` is float32 [..., queries, keys] with at least one key. */
export function checkSimilarity(x: FloatTensor, what: string): void {
  requireFloat(x, what)
  if (x.rank < 2 || x.shape[x.rank - 1] === 0)
    throw invalid(
      'SHAPE_MISMATCH',
      `${what}: similarities`,
      '[..., queries, keys] with at least one key',
      formatShape(x.shape),
    )
}

/** Size of the last axis. */
export function widthOf(x: Tensor): number {
  return x.shape[x.rank - 1]!
}
