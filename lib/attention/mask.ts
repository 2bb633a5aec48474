import { SaccadeError } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../graph/shape.js'
import type { Broadcast, Fitting } from '../graph/shape-types.js'
import { requireDType, requireFloat, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'
import { range } from './range.js'

/** True where a query (row) sees a key (column). Masks are combined with `ops.logicalAnd`. */
export type Mask<S extends Shape = Shape> = Tensor<'bool', S>

/**
 * The mask of a decoder, which must not see what it is to predict (Vaswani et al. 2017, section 3.2.3): a query sees
 * the keys up to its own place. With fewer queries than keys, the last query stands at the last key.
 * @returns bool [queries, keys]
 * @throws OPTION_INVALID unless the sizes are whole numbers from 1 and there are at least as many keys as queries
 */
export function causalMask<Nq extends number, Nk extends number = Nq>(
  queries: Nq,
  keys: Nk | Nq = queries,
): Mask<[Nq, Nk]> {
  const [query, key] = places(queries, keys, 'causalMask')
  return ops.lessEqual(key, query) as Mask as Mask<[Nq, Nk]>
}

/**
 * The mask of restricted attention: a query sees the keys at most `window` places away, on either side (Child et al.
 * 2019 and Beltagy et al. 2020, section 3.1, whose window of w keys is w / 2 here). With fewer queries than keys, the
 * last query stands at the last key.
 * @returns bool [queries, keys]
 * @throws OPTION_INVALID unless the sizes are whole numbers from 1, there are at least as many keys as queries, and the
 *   window is a whole number from 0 (0: each sees itself)
 */
export function windowMask<Nq extends number, Nk extends number>(
  queries: Nq,
  keys: Nk,
  window: number,
): Mask<[Nq, Nk]> {
  const [query, key] = places(queries, keys, 'windowMask')
  requireWhole(window, 0, 'windowMask: window')
  const distance = ops.sub(query, key)
  const near = ops.logicalAnd(ops.lessEqual(distance, window), ops.greaterEqual(distance, -window))
  return near as Mask as Mask<[Nq, Nk]>
}

/**
 * The mask of sequences that were filled up to the same length: keys from a sequence's length on do not exist.
 * @param lengths how many keys are real: a list of B numbers, or int32 [...] of any rank
 * @param keys how many keys there are with the padding
 * @returns bool [B, 1, keys] (or [..., 1, keys]), for similarities [B, Nq, keys]. For heads, [B, H, Nq, keys], give
 *   the lengths as int32 [B, 1]
 * @throws OPTION_INVALID, DTYPE_MISMATCH; INDEX_OUT_OF_RANGE for a length in a list that is not from 0 to `keys`
 */
export function paddingMask<Nk extends number>(lengths: readonly number[], keys: Nk): Mask<[number, 1, Nk]>
export function paddingMask<I extends Shape, Nk extends number>(
  lengths: Tensor<'int32', I>,
  keys: Nk,
): Mask<[...I, 1, Nk]>
export function paddingMask(lengths: readonly number[] | Tensor<'int32'>, keys: number): Mask {
  requireWhole(keys, 1, 'paddingMask: keys')
  const given = lengths instanceof Tensor ? lengths : lengthsOf(lengths, keys)
  requireDType(given, ['int32'], 'paddingMask: lengths')
  const real: Tensor<'int32'> = ops.reshape(given, [...given.shape, 1, 1])
  return ops.less(range(0, keys), real)
}

/**
 * Hides keys: similarities become -Infinity where the mask is false, so that softmax gives them weight 0 and arg max
 * never takes them.
 * @param similarity float32 [..., Nq, Nk]
 * @param mask bool, broadcast to the shape of the similarities
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function applyMask<S extends Shape, M extends Shape>(
  similarity: ops.FloatTensor<S>,
  mask: Mask<M> & Fitting<Broadcast<S, M>, 'the mask does not broadcast to the similarities'>,
): ops.FloatTensor<S> {
  requireFloat(similarity, 'applyMask: similarity')
  requireDType(mask, ['bool'], 'applyMask: mask')
  if (!sameShape(broadcastShapes(similarity.shape, mask.shape, 'applyMask'), similarity.shape))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `applyMask: the mask ${formatShape(mask.shape)} is larger than the similarities ${formatShape(similarity.shape)}`,
    )
  const seen: Tensor<'bool'> = mask
  return ops.where(seen, similarity as ops.FloatTensor, Number.NEGATIVE_INFINITY) as ops.FloatTensor<S>
}

/** Where queries and keys stand: int32 [queries, 1] and [1, keys]. */
function places(queries: number, keys: number, what: string) {
  requireWhole(queries, 1, `${what}: queries`)
  requireWhole(keys, queries, `${what}: keys`)
  const query = ops.reshape(range(keys - queries, queries), [queries, 1])
  return [query, ops.reshape(range(0, keys), [1, keys])] as const
}

function lengthsOf(lengths: readonly number[], keys: number): Tensor<'int32'> {
  const bad = lengths.find((length) => !Number.isInteger(length) || length < 0 || length > keys)
  if (bad !== undefined)
    throw new SaccadeError(
      'INDEX_OUT_OF_RANGE',
      `paddingMask: a length must be a whole number from 0 to ${keys}, got ${bad}`,
    )
  return Tensor.from(Int32Array.from(lengths), [lengths.length], 'int32')
}
