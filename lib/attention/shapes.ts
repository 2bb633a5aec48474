import { SaccadeError } from '../errors.js'
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js'
import type { Broadcast, IsDynamic, MatMul } from '../graph/shape-types.js'
import { requireFloat } from '../ops/check.js'
import type { FloatTensor } from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

type Turned<S extends Shape> = S extends readonly [
  ...infer Outer extends Shape,
  infer Rows extends number,
  infer Columns extends number,
]
  ? [...Outer, Columns, Rows]
  : never

/** Shape of the similarities of queries Q and keys K, [..., Nq, Nk]; `never` where their widths differ. */
export type Similarity<Q extends Shape, K extends Shape> =
  IsDynamic<Q> extends true ? Shape : IsDynamic<K> extends true ? Shape : MatMul<Q, Turned<K>>

/** The same for similarities that can compare vectors of different widths. */
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

/** Throws unless queries and keys are float32 [..., places, width] whose axes before those broadcast. */
export function checkPair(q: FloatTensor, k: FloatTensor, what: string): void {
  checkPlaces(q, `${what}: queries`)
  checkPlaces(k, `${what}: keys`)
  broadcastShapes(q.shape.slice(0, -2), k.shape.slice(0, -2), `${what}: queries and keys`)
}

/** Throws DTYPE_MISMATCH or SHAPE_MISMATCH unless `x` is float32 [..., places, width]. */
export function checkPlaces(x: FloatTensor, what: string): void {
  requireFloat(x, what)
  if (x.rank < 2)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: expected [..., places, width], got ${formatShape(x.shape)}`,
    )
}

/** Throws unless `x` is float32 [..., queries, keys] with at least one key. */
export function checkSimilarity(x: FloatTensor, what: string): void {
  requireFloat(x, what)
  if (x.rank < 2 || x.shape[x.rank - 1] === 0)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: expected similarities [..., queries, keys] with at least one key, got ${formatShape(x.shape)}`,
    )
}

/** Size of the last axis. */
export function widthOf(x: Tensor): number {
  return x.shape[x.rank - 1]!
}
