import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'

/** Poolings that reduce the vectors of a text's tokens to one vector, under the names of sentence-transformers. */
export const reductions = ['cls', 'max', 'mean', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'] as const
export type Reduction = (typeof reductions)[number]

/** For each text a row: 1 for a token that takes part, 0 for padding. */
export type Masks = readonly (readonly number[])[]

/**
 * Pools the vectors of tokens. A text without tokens that take part gives zeros, for `cls` its first vector, for `max`
 * negative infinity, as in sentence-transformers.
 * @param hidden float32 [B, N, width]
 * @returns float32 [B, width]
 */
export function reduce(hidden: ops.FloatTensor, masks: Masks, by: Reduction): ops.FloatTensor {
  switch (by) {
    case 'cls':
      return weightedSum(
        hidden,
        masks.map((mask) => only(mask, Math.max(mask.indexOf(1), 0))),
      )
    case 'lasttoken':
      return weightedSum(
        hidden,
        masks.map((mask) => only(mask, mask.lastIndexOf(1))),
      )
    case 'max': {
      const kept = ops.equal(ops.unsqueeze(matrix(masks), 2), 1)
      return ops.max(ops.where(kept, hidden, -Infinity), 1) as ops.FloatTensor
    }
    case 'mean':
      return weightedMean(hidden, masks, (sum) => sum)
    case 'mean_sqrt_len_tokens':
      return weightedMean(hidden, masks, Math.sqrt)
    case 'weightedmean': {
      const weights = masks.map((mask) => mask.map((kept, index) => kept * (index + 1)))
      return weightedMean(hidden, weights, (sum) => sum)
    }
  }
}

/** Scales each vector to Euclidean length 1. */
export function unitLength(x: ops.FloatTensor): ops.FloatTensor {
  const length = ops.sqrt(ops.sum(ops.square(x), -1, { keepDims: true }))
  return ops.div(x, ops.maximum(length, 1e-12))
}

function weightedMean(
  hidden: ops.FloatTensor,
  weights: Masks,
  divisor: (sum: number) => number,
): ops.FloatTensor {
  const sums = weights.map((row) => [divisor(Math.max(total(row), 1e-9))])
  return ops.div(weightedSum(hidden, weights), matrix(sums))
}

function weightedSum(hidden: ops.FloatTensor, weights: Masks): ops.FloatTensor {
  return ops.sum(ops.mul(hidden, ops.unsqueeze(matrix(weights), 2)), 1) as ops.FloatTensor
}

function total(row: readonly number[]): number {
  return row.reduce((sum, value) => sum + value, 0)
}

function only(mask: readonly number[], position: number): number[] {
  return mask.map((_, index) => (index === position ? 1 : 0))
}

function matrix(rows: Masks): ops.FloatTensor {
  return Tensor.from(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]) as ops.FloatTensor
}
