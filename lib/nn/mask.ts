import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { requireDType } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import type { AttentionCall } from './attention.js'
import { positionIds } from './position.js'

/** A mask of zeros and ones, of any of these types. */
export type Mask = Tensor<'bool' | 'int64' | 'int32' | 'uint8'>

/**
 * Added to the scores of padding, as in transformers: the lowest float32 instead of -Infinity. If all keys of a query
 * are masked, they all get the same weight, instead of none.
 */
const lowestFloat = -3.4028234663852886e38

/** True where a mask is not 0. */
export function asBool(mask: Mask): Tensor<'bool'> {
  return ops.cast(mask as Tensor, 'bool')
}

/**
 * Converts an `attention_mask` of transformers to a mask that is added to the scores.
 * @param mask [batch, keys], or [batch, queries, keys]: 1 keeps, 0 is padding
 * @param options.causal also mask later keys; requires as many queries as keys
 * @returns float32, added to the scores: [batch, 1, 1 or queries, keys]
 */
export function paddingMask(mask: Mask, { causal = false } = {}): ops.FloatTensor {
  const batch = mask.shape[0]!
  const keys = mask.shape[mask.rank - 1]!
  const queries = mask.rank === 3 ? mask.shape[1]! : 1
  const kept: Tensor<'bool'> = ops.reshape(asBool(mask), [batch, 1, queries, keys])
  return ops.where(causal ? ops.logicalAnd(kept, notLater(keys)) : kept, 0, lowestFloat)
}

/** Arguments of a decoder's self-attention that exclude later positions and, with a mask, padding. */
export function causalCall(mask: Mask | undefined): AttentionCall {
  return mask ? { mask: paddingMask(mask, { causal: true }) } : { causal: true }
}

/** bool [count, count]: true if the key's position is not after the query's. */
export function notLater(count: number): Tensor<'bool'> {
  const order = positionIds(count)
  return ops.lessEqual(order, ops.reshape(order, [count, 1]))
}

/**
 * Checks data type and shape of a mask.
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function checkMask(mask: Mask, shapes: readonly (readonly number[])[], name: string): void {
  requireDType(mask, ['bool', 'int64', 'int32', 'uint8'], name)
  const fits = shapes.some(
    (shape) => shape.length === mask.rank && shape.every((dim, axis) => dim === mask.shape[axis]),
  )
  if (!fits)
    throw invalid('SHAPE_MISMATCH', name, shapes.map(formatShape).join(' or '), formatShape(mask.shape))
}
