import { invalid } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../graph/shape.js'
import type { Fitting, MatMul } from '../graph/shape-types.js'
import { requireFloat } from '../ops/check.js'
import type * as ops from '../ops/index.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { applyMask, type Mask } from './mask.js'
import { hardRetrieval, hardWeights, softRetrieval, softWeights } from './retrieval.js'
import { checkPair, type Pairs } from './shapes.js'
import { type SimilarityFunction, scaledDotProduct } from './similarity.js'

/** Options of {@link attend}. */
export interface AttendOptions {
  /** How a query is compared with a key. Default: {@link scaledDotProduct}. */
  readonly similarity?: SimilarityFunction | undefined
  /** 'soft': the mean of all values, weighted by softmax; 'hard': the value of the most similar key. Default 'soft'. */
  readonly retrieval?: 'soft' | 'hard' | undefined
  /** Which keys a query may attend to: bool, broadcast to [..., Nq, Nk]. Default: all. */
  readonly mask?: Mask | undefined
}

/** Results of attention, lazy: only those that are asked for are computed. */
export interface Attended<Pair extends Shape = Shape, Output extends Shape = Shape> {
  /** float32 [..., Nq, Dv]: what each query retrieved. */
  readonly output: ops.FloatTensor<Output>
  /** float32 [..., Nq, Nk], after the mask: -Infinity for masked keys. */
  readonly similarity: ops.FloatTensor<Pair>
  /** float32 [..., Nq, Nk]: the weight of each value in the output. A row adds up to 1, or to 0 if all keys are masked. */
  readonly weights: ops.FloatTensor<Pair>
}

export const attendOptionNames = ['similarity', 'retrieval', 'mask']

/**
 * Attention in its steps: compares each query with each key, masks, and retrieves from the values. It is self-attention
 * if keys and values come from the same sequence as the queries, and cross-attention if they come from another one.
 *
 * It stores the matrix of Nq * Nk similarities, so that it can be inspected; use it for learning and for small inputs.
 * With default options the result is that of `ops.attention`, which does not store the matrix.
 *
 * @param queries float32 [..., Nq, Dq]
 * @param keys float32 [..., Nk, Dk]; Dk = Dq unless the similarity compares different widths
 * @param values float32 [..., Nk, Dv]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, OPTION_UNKNOWN
 */
export function attend<Q extends Shape, K extends Shape, V extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K> &
    Fitting<Pairs<Q, K>, 'the axes of queries and keys before the last two do not broadcast'>,
  values: ops.FloatTensor<V> & Fitting<MatMul<Pairs<Q, K>, V>, 'there must be one value for each key'>,
  options: AttendOptions = {},
): Attended<Pairs<Q, K>, MatMul<Pairs<Q, K>, V>> {
  const given = checkOptions(options, attendOptionNames, 'attend')
  const { similarity: compare = scaledDotProduct, retrieval = 'soft', mask } = given
  if (typeof compare !== 'function') optionInvalid('attend: similarity', compare, 'a function')
  const retrieve = retrievals.get(retrieval)
  if (!retrieve) return optionInvalid('attend: retrieval', retrieval, "'soft' or 'hard'")
  const compared = comparedBy(compare, queries, keys)
  const similarity: ops.FloatTensor = mask === undefined ? compared : applyMask(compared, mask)
  return {
    similarity,
    weights: retrieve.weights(similarity),
    output: retrieve.output(similarity, values),
  } as Attended<Pairs<Q, K>, MatMul<Pairs<Q, K>, V>>
}

/** The result of the similarity function is checked, as the caller may have written it. */
function comparedBy(compare: SimilarityFunction, queries: Tensor<'float32'>, keys: Tensor<'float32'>) {
  checkPair(queries, keys, 'attend')
  const similarity = compare(queries, keys)
  requireFloat(similarity, 'attend: the result of the similarity function')
  const batch = broadcastShapes(queries.shape.slice(0, -2), keys.shape.slice(0, -2), 'attend')
  const expected = [...batch, queries.shape[queries.rank - 2]!, keys.shape[keys.rank - 2]!]
  if (!sameShape(similarity.shape, expected))
    throw invalid(
      'SHAPE_MISMATCH',
      'attend: the result of the similarity function',
      `[..., queries, keys] = ${formatShape(expected)}`,
      formatShape(similarity.shape),
    )
  return similarity
}

interface Retrieval {
  weights(similarity: ops.FloatTensor): ops.FloatTensor
  output(similarity: ops.FloatTensor, values: ops.FloatTensor): ops.FloatTensor
}

const retrievals: ReadonlyMap<string, Retrieval> = new Map([
  ['soft', { weights: softWeights, output: softRetrieval }],
  ['hard', { weights: hardWeights, output: hardRetrieval }],
])
