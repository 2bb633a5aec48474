import { SaccadeError } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../graph/shape.js'
import type { Fitting, MatMul } from '../graph/shape-types.js'
import { requireFloat } from '../ops/check.js'
import type * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { applyMask, type Mask } from './mask.js'
import { hardRetrieval, hardWeights, softRetrieval, softWeights } from './retrieval.js'
import { checkPair, type Pairs } from './shapes.js'
import { type SimilarityFunction, scaledDotProduct } from './similarity.js'

/** What kind of attention. */
export interface AttendOptions {
  /** How a query is compared with a key. Default: {@link scaledDotProduct}. */
  readonly similarity?: SimilarityFunction | undefined
  /** 'soft': the mean of all values, weighted by softmax; 'hard': the value of the most similar key. Default 'soft'. */
  readonly retrieval?: 'soft' | 'hard' | undefined
  /** Which keys a query sees: bool, true where it does, broadcast to [..., Nq, Nk]. Default: all. */
  readonly mask?: Mask | undefined
}

/** What attention gives. All of it is lazy: what is not asked for is not computed. */
export interface Attended<Pair extends Shape = Shape, Output extends Shape = Shape> {
  /** float32 [..., Nq, Dv]: what each query retrieved. */
  readonly output: ops.FloatTensor<Output>
  /** float32 [..., Nq, Nk], as the retrieval uses them: -Infinity where the mask hides a key. */
  readonly similarity: ops.FloatTensor<Pair>
  /** float32 [..., Nq, Nk]: how much of each value is in the output. Each row adds up to 1, or to 0 if it sees nothing. */
  readonly weights: ops.FloatTensor<Pair>
}

const optionNames = ['similarity', 'retrieval', 'mask']

/**
 * Attention, written out: compare each query with each key, hide what the mask hides, retrieve from the values. With
 * keys and values from the sequence of the queries it is self-attention, with those of another cross-attention.
 *
 * It holds the whole matrix of Nq * Nk similarities, to be looked at: it is for learning and small inputs. With its
 * default options it gives what `ops.attention` gives, which holds a few blocks at a time.
 *
 * @param queries float32 [..., Nq, Dq]
 * @param keys float32 [..., Nk, Dk]; Dk = Dq unless the similarity says otherwise
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
  checkOptions(options, optionNames, 'attend')
  const { similarity: compare = scaledDotProduct, retrieval = 'soft', mask } = options
  if (typeof compare !== 'function')
    throw new SaccadeError('OPTION_INVALID', `attend: similarity must be a function, got ${String(compare)}`)
  const retrieve = retrievals.get(retrieval)
  if (!retrieve)
    throw new SaccadeError(
      'OPTION_INVALID',
      `attend: retrieval must be 'soft' or 'hard', got '${String(retrieval)}'`,
    )
  const compared = comparedBy(compare, queries, keys)
  const similarity: ops.FloatTensor = mask ? applyMask(compared, mask) : compared
  return {
    similarity,
    weights: retrieve.weights(similarity),
    output: retrieve.output(similarity, values),
  } as Attended<Pairs<Q, K>, MatMul<Pairs<Q, K>, V>>
}

/** A similarity may be the reader's own: what it gives is checked. */
function comparedBy(compare: SimilarityFunction, queries: Tensor<'float32'>, keys: Tensor<'float32'>) {
  checkPair(queries, keys, 'attend')
  const similarity = compare(queries, keys)
  requireFloat(similarity, 'attend: the result of the similarity function')
  const batch = broadcastShapes(queries.shape.slice(0, -2), keys.shape.slice(0, -2), 'attend')
  const expected = [...batch, queries.shape[queries.rank - 2]!, keys.shape[keys.rank - 2]!]
  if (!sameShape(similarity.shape, expected))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `attend: the similarity function must give [..., queries, keys] = ${formatShape(expected)}, got ${formatShape(similarity.shape)}`,
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
