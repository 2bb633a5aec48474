import { invalid } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { Fitting, LastOf, SameShape } from '../graph/shape-types.js'
import { requireFloat, requireShape, type VectorOf } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { checkOptions, optionInvalid } from '../options.js'
import { checkPair, type Pairs, type Similarity, widthOf } from './shapes.js'

type SameWidth<Q extends Shape, K extends Shape> = Fitting<
  Similarity<Q, K>,
  'queries and keys differ in width, or their axes before the last two do not broadcast'
>
type AnyWidth<Q extends Shape, K extends Shape> = Fitting<
  Pairs<Q, K>,
  'the axes of queries and keys before the last two do not broadcast'
>

/** Compares each query with each key: queries [..., Nq, Dq] and keys [..., Nk, Dk] to [..., Nq, Nk]. */
export type SimilarityFunction = (queries: ops.FloatTensor, keys: ops.FloatTensor) => ops.FloatTensor

/**
 * The dot product of each query with each key, q . k (Luong et al. 2015, section 3.1, "dot").
 * @param queries float32 [..., Nq, D]
 * @param keys float32 [..., Nk, D]; axes before the last two are broadcast against those of the queries
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function dotProduct<Q extends Shape, K extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> & SameWidth<Q, K>,
): ops.FloatTensor<Similarity<Q, K>> {
  return products(queries, keys, 'dotProduct') as ops.FloatTensor<Similarity<Q, K>>
}

/**
 * The dot product divided by the square root of the width, q . k / sqrt(D) (Vaswani et al. 2017, section 3.2.1): the
 * dot product of two vectors of D independent numbers of variance 1 has variance D, and the scaled one variance 1.
 * @param queries float32 [..., Nq, D]
 * @param keys float32 [..., Nk, D]
 * @param scale the factor. Default: 1 / sqrt(D)
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID for a scale that is not a number
 */
export function scaledDotProduct<Q extends Shape, K extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> & SameWidth<Q, K>,
  scale?: number,
): ops.FloatTensor<Similarity<Q, K>> {
  const product = products(queries, keys, 'scaledDotProduct')
  const factor = scale ?? 1 / Math.sqrt(widthOf(queries))
  if (!Number.isFinite(factor)) optionInvalid('scaledDotProduct: scale', factor, 'a finite number')
  return ops.mul(product, factor) as ops.FloatTensor<Similarity<Q, K>>
}

/**
 * The general, or bilinear, similarity q^T W k with a learned matrix W (Luong et al. 2015, section 3.1, "general").
 * Queries and keys may differ in width.
 * @param queries float32 [..., Nq, Dq]
 * @param keys float32 [..., Nk, Dk]
 * @param weight float32 [Dq, Dk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function general<Q extends Shape, K extends Shape, W extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> & AnyWidth<Q, K>,
  weight: ops.FloatTensor<W> &
    Fitting<SameShape<W, [LastOf<Q>, LastOf<K>]>, 'the weight must be [width of a query, width of a key]'>,
): ops.FloatTensor<Pairs<Q, K>> {
  checkPair(queries, keys, 'general')
  requireFloat(weight, 'general: weight')
  requireShape(weight, [widthOf(queries), widthOf(keys)], 'general: weight')
  const projections: ops.FloatTensor = ops.matmul(queries as ops.FloatTensor, weight as ops.FloatTensor)
  return products(projections, keys, 'general') as ops.FloatTensor<Pairs<Q, K>>
}

/**
 * The additive similarity w_q^T q + w_k^T k. It is cheap, but softmax over the keys does not depend on the first term,
 * which is the same for every key: soft retrieval has the same result for each query. {@link additiveTanh} does not
 * have this problem.
 * @param queries float32 [..., Nq, Dq]
 * @param keys float32 [..., Nk, Dk]
 * @param queryWeight float32 [Dq]
 * @param keyWeight float32 [Dk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function additive<Q extends Shape, K extends Shape, WQ extends Shape, WK extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> & AnyWidth<Q, K>,
  queryWeight: ops.FloatTensor<WQ> & VectorOf<WQ, LastOf<Q>>,
  keyWeight: ops.FloatTensor<WK> & VectorOf<WK, LastOf<K>>,
): ops.FloatTensor<Pairs<Q, K>> {
  checkPair(queries, keys, 'additive')
  const queryTerm = projected(queries, queryWeight, 'additive: queryWeight')
  const keyTerm = ops.transpose(projected(keys, keyWeight, 'additive: keyWeight'))
  return ops.add(queryTerm, keyTerm) as ops.FloatTensor<Pairs<Q, K>>
}

/** The learned parts of {@link additiveTanh}. */
export interface AdditiveTanhWeights {
  /** float32 [H, Dq], W_q. */
  readonly query: ops.FloatTensor
  /** float32 [H, Dk], W_k. */
  readonly key: ops.FloatTensor
  /** float32 [H], v. */
  readonly output: ops.FloatTensor
}

/**
 * The additive similarity with a hidden layer, v^T tanh(W_q q + W_k k), of the first attention (Bahdanau et al. 2014,
 * appendix A.1.2). Needs memory for Nq * Nk * H numbers.
 * @param queries float32 [..., Nq, Dq]
 * @param keys float32 [..., Nk, Dk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function additiveTanh<Q extends Shape, K extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> & AnyWidth<Q, K>,
  weights: AdditiveTanhWeights,
): ops.FloatTensor<Pairs<Q, K>> {
  const { query, key, output } = checkOptions(weights, ['query', 'key', 'output'], 'additiveTanh: weights')
  checkPair(queries, keys, 'additiveTanh')
  requireFloat(output, 'additiveTanh: output')
  const [hidden = 0] = output.shape
  requireShape(output, [hidden], 'additiveTanh: output')
  requireFloat(query, 'additiveTanh: query')
  requireShape(query, [hidden, widthOf(queries)], 'additiveTanh: query')
  requireFloat(key, 'additiveTanh: key')
  requireShape(key, [hidden, widthOf(keys)], 'additiveTanh: key')
  const queryTerm = ops.unsqueeze(ops.linear(queries as ops.FloatTensor, query), -2)
  const keyTerm = ops.unsqueeze(ops.linear(keys as ops.FloatTensor, key), -3)
  const layer = ops.tanh(ops.add(queryTerm, keyTerm))
  const column = ops.unsqueeze(output, -1)
  return ops.squeeze(ops.matmul(layer, column), -1) as ops.FloatTensor<Pairs<Q, K>>
}

/** queries @ keys^T. */
function products(queries: ops.FloatTensor, keys: ops.FloatTensor, what: string): ops.FloatTensor {
  checkPair(queries, keys, what)
  if (widthOf(queries) !== widthOf(keys))
    throw invalid(
      'SHAPE_MISMATCH',
      `${what}: keys`,
      `the width of the queries ${formatShape(queries.shape)}`,
      formatShape(keys.shape),
    )
  return ops.matmul(queries, ops.transpose(keys))
}

/** [..., N, D] and a vector [D] to [..., N, 1]. */
function projected(x: ops.FloatTensor, weight: ops.FloatTensor, what: string): ops.FloatTensor {
  requireFloat(weight, what)
  requireShape(weight, [widthOf(x)], what)
  return ops.matmul(x, ops.unsqueeze(weight, -1))
}
