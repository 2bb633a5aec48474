import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** How distances are put into buckets. */
export interface RelativeBuckets {
  /** Buckets there are; each has a bias for each head. */
  readonly buckets: number
  /** From this distance on all are in the last bucket. */
  readonly maxDistance: number
  /** true (encoders): half of the buckets are for keys after the query; false: those keys are all in bucket 0. */
  readonly bidirectional: boolean
}

/**
 * The bucket of a distance (Raffel et al. 2020, T5): one for each short distance, and logarithmic steps beyond.
 * @param distance position of the key minus that of the query
 */
export function relativeBucket(distance: number, options: RelativeBuckets): number {
  const { maxDistance, bidirectional } = options
  const buckets = bidirectional ? options.buckets / 2 : options.buckets
  const offset = bidirectional && distance > 0 ? buckets : 0
  const away = bidirectional ? Math.abs(distance) : Math.max(-distance, 0)
  const exact = Math.floor(buckets / 2)
  if (away < exact) return offset + away
  // In float32, as the reference computes it: a distance on the border of two buckets could fall into the other.
  const { fround } = Math
  const ratio = fround(fround(Math.log(fround(away / exact))) / fround(Math.log(maxDistance / exact)))
  return offset + Math.min(exact + Math.trunc(fround(ratio * (buckets - exact))), buckets - 1)
}

/** A bias of attention scores that depends on the distance of key and query alone; all layers of a stack share it. */
export class RelativeBias {
  /** float32 [heads, 2 * maxDistance + 1]: of the distances from -maxDistance to maxDistance. */
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
   * The bias, to be given as the mask of an attention or added to one.
   * @param queries positions of the queries: int32 [Nq], or [B, Nq] where they differ by sequence
   * @param keys positions of the keys: int32 [Nk]
   * @returns float32 [heads, Nq, Nk] or [B, heads, Nq, Nk]
   */
  forward(queries: Tensor<'int32'>, keys: Tensor<'int32'>): ops.FloatTensor {
    const distance: Tensor<'int32'> = ops.sub(keys, ops.unsqueeze(queries, queries.rank))
    const limit = this.#maxDistance
    const near: Tensor<'int32'> = ops.minimum(ops.maximum(distance, -limit), limit)
    const bias: ops.FloatTensor = ops.gather(this.#byDistance, ops.add(near, limit), 1)
    return queries.rank === 1 ? bias : ops.permute(bias, [1, 0, 2, 3])
  }
}
