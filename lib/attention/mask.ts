import { invalid, show } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../graph/shape.js'
import type { Broadcast, Fitting } from '../graph/shape-types.js'
import { requireDType, requireFloat, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'
import { isNumber, readList } from '../values.js'
import { range } from './range.js'

/** True where a query (row) may attend to a key (column). Masks are combined with `ops.logicalAnd`. */
export type Mask<S extends Shape = Shape> = Tensor<'bool', S>

/**
 * The causal mask of a decoder (Vaswani et al. 2017, section 3.2.3): a query attends to the keys up to its own position.
 * With fewer queries than keys, the last query has the position of the last key.
 * @returns bool [queries, keys]
 * @throws OPTION_INVALID unless the sizes are whole numbers from 1 and there are at least as many keys as queries
 */
export function causalMask<Nq extends number, Nk extends number = Nq>(
  queries: Nq,
  keys: Nk | Nq = queries,
): Mask<[Nq, Nk]> {
  const [query, key] = positions(queries, keys, 'causalMask')
  return ops.lessEqual(key, query) as Mask as Mask<[Nq, Nk]>
}

/**
 * The mask of sliding-window attention: a query attends to the keys at a distance of at most `window` positions on either
 * side (Child et al. 2019 and Beltagy et al. 2020, section 3.1, whose window of w keys is w / 2 here). With fewer
 * queries than keys, the last query has the position of the last key.
 * @returns bool [queries, keys]
 * @throws OPTION_INVALID unless the sizes are whole numbers from 1, there are at least as many keys as queries, and the
 *   window is a whole number from 0 (0: each position attends to itself)
 */
export function windowMask<Nq extends number, Nk extends number>(
  queries: Nq,
  keys: Nk,
  window: number,
): Mask<[Nq, Nk]> {
  const [query, key] = positions(queries, keys, 'windowMask')
  requireWhole(window, 0, 'windowMask: window')
  const distance = ops.sub(query, key)
  const near = ops.logicalAnd(ops.lessEqual(distance, window), ops.greaterEqual(distance, -window))
  return near as Mask as Mask<[Nq, Nk]>
}

/**
 * The mask of padded sequences: the keys from the length of a sequence on are padding.
 * @param lengths number of keys before the padding: a list of B numbers, or int32 [...] of any rank
 * @param keys number of keys with the padding
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
  const counts: Tensor<'int32'> = ops.reshape(given, [...given.shape, 1, 1])
  return ops.less(range(0, keys), counts)
}

/**
 * Sets similarities to -Infinity where the mask is false, so that their softmax is 0 and arg max does not choose them.
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
    throw invalid(
      'SHAPE_MISMATCH',
      'applyMask: mask',
      `a shape that broadcasts to ${formatShape(similarity.shape)}, the similarities`,
      formatShape(mask.shape),
    )
  const visible: Tensor<'bool'> = mask
  return ops.where(visible, similarity as ops.FloatTensor, Number.NEGATIVE_INFINITY) as ops.FloatTensor<S>
}

/** Positions of queries and keys: int32 [queries, 1] and [1, keys]. */
function positions(queries: number, keys: number, what: string) {
  requireWhole(queries, 1, `${what}: queries`)
  requireWhole(keys, queries, `${what}: keys`)
  const query = ops.reshape(range(keys - queries, queries), [queries, 1])
  return [query, ops.reshape(range(0, keys), [1, keys])] as const
}

function lengthsOf(lengths: readonly number[], keys: number): Tensor<'int32'> {
  const what = 'paddingMask: lengths'
  const list = readList(lengths, isNumber, {
    what,
    expected: 'a list of lengths, or int32',
    item: 'a length',
  })
  const bad = list.find((length) => !Number.isInteger(length) || length < 0 || length > keys)
  if (bad !== undefined)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      what,
      `whole numbers from 0 to ${keys}, the number of keys`,
      show(bad),
    )
  return Tensor.from(Int32Array.from(list), [list.length], 'int32')
}
