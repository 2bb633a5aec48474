import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { requireDType } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'

/** A mask of zeros and ones, of any of these types. */
export type Mask = Tensor<'bool' | 'int64' | 'int32' | 'uint8'>

/**
 * What Hugging Face adds to the scores of padding: the lowest float32, not -Infinity. It hides a key as well, but a
 * query that sees nothing then looks everywhere alike, instead of nowhere.
 */
const lowest = -3.4028234663852886e38

/** True where a mask is not 0. */
export function asBool(mask: Mask): Tensor<'bool'> {
  return ops.cast(mask as Tensor, 'bool')
}

/**
 * The mask that Hugging Face makes of `attention_mask`.
 * @param mask [batch, keys], or [batch, queries, keys]: 1 keeps, 0 is padding
 * @param options.causal hide later keys, too (as many queries as keys)
 * @returns float32, added to the scores: [batch, 1, 1 or queries, keys]
 */
export function paddingMask(mask: Mask, { causal = false } = {}): ops.FloatTensor {
  const batch = mask.shape[0]!
  const keys = mask.shape[mask.rank - 1]!
  const queries = mask.rank === 3 ? mask.shape[1]! : 1
  const kept: Tensor<'bool'> = ops.reshape(asBool(mask), [batch, 1, queries, keys])
  return ops.where(causal ? ops.logicalAnd(kept, notLater(keys)) : kept, 0, lowest)
}

/** bool [places, places]: true where the key stands at or before the query. */
export function notLater(places: number): Tensor<'bool'> {
  const order: Tensor<'int32'> = constantFrom(
    Int32Array.from({ length: places }, (_, i) => i),
    [places],
    'int32',
  )
  return ops.lessEqual(order, ops.reshape(order, [places, 1]))
}

/**
 * Checks that a mask has one of the shapes a model takes.
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
