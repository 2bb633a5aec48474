import { SaccadeError } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sizeOf } from '../graph/shape.js'
import type { Fitting, MatMul } from '../graph/shape-types.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { range } from './range.js'
import { checkPlaces, checkSimilarity, widthOf } from './shapes.js'

type OneValueEach<S extends Shape, V extends Shape> = Fitting<
  MatMul<S, V>,
  'there must be one value for each key of the similarities'
>

/**
 * The weights of soft retrieval: softmax over the keys. Each row adds up to 1; a row that sees no key (all -Infinity)
 * is all zeros, as in `ops.attention`.
 * @param similarity float32 [..., Nq, Nk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function softWeights<S extends Shape>(similarity: ops.FloatTensor<S>): ops.FloatTensor<S> {
  checkSimilarity(similarity, 'softWeights')
  const softmax: ops.FloatTensor = ops.softmax(similarity as ops.FloatTensor)
  return ops.where(seesNothing(similarity), 0, softmax) as ops.FloatTensor<S>
}

/**
 * The weights of hard retrieval: 1 at the largest similarity of a row (the first of equals), 0 elsewhere; all zeros in
 * a row that sees no key.
 * @param similarity float32 [..., Nq, Nk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function hardWeights<S extends Shape>(similarity: ops.FloatTensor<S>): ops.FloatTensor<S> {
  checkSimilarity(similarity, 'hardWeights')
  const keys = range(0, widthOf(similarity))
  const chosen = ops.equal(ops.argmax(similarity as ops.FloatTensor, -1, { keepDims: true }), keys)
  const taken = ops.logicalAnd(chosen, ops.logicalNot(seesNothing(similarity)))
  return ops.where(taken, 1, 0) as ops.FloatTensor<S>
}

/**
 * Soft retrieval: the mean of the values, weighted by the softmax of the similarities (Bahdanau et al. 2014, section
 * 3.1). It changes smoothly with the query, so it can be learned by gradient descent. All values take part: one that is
 * NaN or infinite shows even where its weight is 0 (`ops.attention` leaves out the values of hidden keys).
 * @param similarity float32 [..., Nq, Nk]
 * @param values float32 [..., Nk, Dv]; axes before the last two are broadcast
 * @returns float32 [..., Nq, Dv]; zeros for a query that sees no key
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function softRetrieval<S extends Shape, V extends Shape>(
  similarity: ops.FloatTensor<S>,
  values: ops.FloatTensor<V> & OneValueEach<S, V>,
): ops.FloatTensor<MatMul<S, V>> {
  checkValues(similarity, values, 'softRetrieval')
  const weights: ops.FloatTensor = softWeights(similarity)
  return ops.matmul(weights, values as ops.FloatTensor) as ops.FloatTensor<MatMul<S, V>>
}

/**
 * Hard retrieval: the value of the key with the largest similarity (the first of equals), as a dictionary gives it.
 * Nothing is learned through it by gradient descent: a small change of the query mostly changes nothing.
 * @param similarity float32 [..., Nq, Nk]
 * @param values float32 [..., Nk, Dv]; axes before the last two are broadcast
 * @returns float32 [..., Nq, Dv], copied; zeros for a query that sees no key
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function hardRetrieval<S extends Shape, V extends Shape>(
  similarity: ops.FloatTensor<S>,
  values: ops.FloatTensor<V> & OneValueEach<S, V>,
): ops.FloatTensor<MatMul<S, V>> {
  checkValues(similarity, values, 'hardRetrieval')
  const [keys, width] = values.shape.slice(-2) as [number, number]
  const batch = broadcastShapes(similarity.shape.slice(0, -2), values.shape.slice(0, -2), 'hardRetrieval')
  // All values as the rows of one table: those of batch entry b begin at row b * keys.
  const rows: ops.FloatTensor = ops.reshape(ops.expand(values as ops.FloatTensor, [...batch, keys, width]), [
    sizeOf(batch) * keys,
    width,
  ])
  const starts = ops.mul(ops.reshape(range(0, sizeOf(batch)), [...batch, 1]), keys)
  const chosen = ops.gather(rows, ops.add(ops.argmax(similarity as ops.FloatTensor), starts))
  const blind = ops.expand(seesNothing(similarity), [...batch, similarity.shape[similarity.rank - 2]!, 1])
  return ops.where(blind, 0, chosen) as ops.FloatTensor<MatMul<S, V>>
}

/** bool [..., Nq, 1]: true for a query from which every key is hidden. NaN is not -Infinity: it goes on as NaN. */
function seesNothing(similarity: ops.FloatTensor): Tensor<'bool'> {
  return ops.equal(ops.max(similarity, -1, { keepDims: true }), Number.NEGATIVE_INFINITY)
}

function checkValues(similarity: ops.FloatTensor, values: ops.FloatTensor, what: string): void {
  checkSimilarity(similarity, what)
  checkPlaces(values, `${what}: values`)
  if (values.shape[values.rank - 2] !== widthOf(similarity))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: similarities ${formatShape(similarity.shape)} to ${widthOf(similarity)} keys do not fit values ${formatShape(values.shape)}`,
    )
  broadcastShapes(
    similarity.shape.slice(0, -2),
    values.shape.slice(0, -2),
    `${what}: similarities and values`,
  )
}
