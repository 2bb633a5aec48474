import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** How distances are assigned to buckets. */
export interface RelativeBuckets {
  /** Number of buckets; each has a bias for each head. */
  readonly buckets: number
  /** All distances from this one on are in the last bucket. */
  readonly maxDistance: number
  /** true (encoders): half of the buckets are for keys after the query; false: all those keys are in bucket 0. */
  readonly bidirectional: boolean
}

/**
 * The bucket of a distance (Raffel et al. 2020, T5): short distances have one bucket each, longer ones share buckets of
 * logarithmic size.
 * @param distance position of the key minus that of the query
 */
export function relativeBucket(distance: number, options: RelativeBuckets): number {
  const { maxDistance, bidirectional } = options
  const buckets = bidirectional ? options.buckets / 2 : options.buckets
  const offset = bidirectional && distance > 0 ? buckets : 0
  const length = bidirectional ? Math.abs(distance) : Math.max(-distance, 0)
  const exact = Math.floor(buckets / 2)
  if (length < exact) return offset + length
  // In float32 like the reference: float64 could put a distance at the border of two buckets into the other one.
  const { fround } = Math
  const ratio = fround(fround(Math.log(fround(length / exact))) / fround(Math.log(maxDistance / exact)))
  return offset + Math.min(exact + Math.trunc(fround(ratio * (buckets - exact))), buckets - 1)
}

/** A bias of attention scores that depends only on the distance between query and key. All layers of a stack share it. */
export class RelativeBias {
  /** float32 [heads, 2 * maxDistance + 1]: the biases of distances -maxDistance to maxDistance. */
  readonly #byDistance: ops.FloatTensor
  readonly #maxDistance: number

  /** @param weight float32 [buckets, heads] */
  constructor(weight: ops.FloatTensor, options: RelativeBuckets) {
    const { maxDistance } = options
    const length = 2 * maxDistance + 1
    const buckets = Int32Array.from({ length }, (_, index) => relativeBucket(index - maxDistance, options))
    const rows: ops.FloatTensor = ops.gather(weight, constantFrom(buckets, [length], 'int32'))
    this.#byDistance = ops.permute(rows, [1, 0])
    this.#maxDistance = maxDistance
  }

  /** Reads `name.weight`. */
  static read(reader: WeightReader, name: string, heads: number, options: RelativeBuckets): RelativeBias {
    return new RelativeBias(parameter(reader.scope(name), 'weight', [options.buckets, heads]), options)
  }

  /**
   * Computes the bias, which is passed as the mask of an attention or added to its mask.
   * @param queries positions of the queries: int32 [Nq], or [B, Nq] if they differ between sequences
   * @param keys positions of the keys: int32 [Nk]
   * @returns float32 [heads, Nq, Nk] or [B, heads, Nq, Nk]
   */
  forward(queries: Tensor<'int32'>, keys: Tensor<'int32'>): ops.FloatTensor {
    const distance: Tensor<'int32'> = ops.sub(keys, ops.unsqueeze(queries, queries.rank))
    const limit = this.#maxDistance
    const clamped: Tensor<'int32'> = ops.minimum(ops.maximum(distance, -limit), limit)
    const bias: ops.FloatTensor = ops.gather(this.#byDistance, ops.add(clamped, limit), 1)
    return queries.rank === 1 ? bias : ops.permute(bias, [1, 0, 2, 3])
  }
}
