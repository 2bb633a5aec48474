import { invalid } from '../errors.js'
import { broadcastShapes, formatShape, type Shape, sizeOf, sizesOf } from '../graph/shape.js'
import type { Fitting, MatMul } from '../graph/shape-types.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { range } from './range.js'
import { checkSequence, checkSimilarity, widthOf } from './shapes.js'

type OneValueEach<S extends Shape, V extends Shape> = Fitting<
  MatMul<S, V>,
  'there must be one value for each key of the similarities'
>

/**
 * The weights of soft retrieval: softmax over the keys. Each row adds up to 1; a row whose keys are all masked
 * (-Infinity) is 0, as in `ops.attention`.
 * @param similarity float32 [..., Nq, Nk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function softWeights<S extends Shape>(similarity: ops.FloatTensor<S>): ops.FloatTensor<S> {
  checkSimilarity(similarity, 'softWeights')
  const softmax: ops.FloatTensor = ops.softmax(similarity as ops.FloatTensor)
  return ops.where(allMasked(similarity), 0, softmax) as ops.FloatTensor<S>
}

/**
 * The weights of hard retrieval: 1 at the maximum of a row (the first of equals), 0 elsewhere; a row whose keys are all
 * masked is 0.
 * @param similarity float32 [..., Nq, Nk]
 * @returns float32 [..., Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function hardWeights<S extends Shape>(similarity: ops.FloatTensor<S>): ops.FloatTensor<S> {
  checkSimilarity(similarity, 'hardWeights')
  const keys = range(0, widthOf(similarity))
  const chosen = ops.equal(ops.argmax(similarity as ops.FloatTensor, -1, { keepDims: true }), keys)
  const selected = ops.logicalAnd(chosen, ops.logicalNot(allMasked(similarity)))
  return ops.where(selected, 1, 0) as ops.FloatTensor<S>
}

/**
 * Soft retrieval: the mean of the values, weighted by the softmax of the similarities (Bahdanau et al. 2014, section
 * 3.1). It is differentiable in the query, so it can be learned by gradient descent. All values take part: NaN or
 * Infinity in a value reaches the output even if its weight is 0 (`ops.attention` skips the values of masked keys).
 * @param similarity float32 [..., Nq, Nk]
 * @param values float32 [..., Nk, Dv]; axes before the last two are broadcast
 * @returns float32 [..., Nq, Dv]; 0 for a query whose keys are all masked
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
 * Hard retrieval: the value of the key with the maximum similarity (the first of equals), as in a dictionary. It cannot
 * be learned by gradient descent: a small change of the query does not change the result.
 * @param similarity float32 [..., Nq, Nk]
 * @param values float32 [..., Nk, Dv]; axes before the last two are broadcast
 * @returns float32 [..., Nq, Dv]; 0 for a query whose keys are all masked
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function hardRetrieval<S extends Shape, V extends Shape>(
  similarity: ops.FloatTensor<S>,
  values: ops.FloatTensor<V> & OneValueEach<S, V>,
): ops.FloatTensor<MatMul<S, V>> {
  checkValues(similarity, values, 'hardRetrieval')
  const [keys, width] = sizesOf(values.shape.slice(-2), 2)
  const batch = broadcastShapes(similarity.shape.slice(0, -2), values.shape.slice(0, -2), 'hardRetrieval')
  // All values are the rows of one table: those of batch entry b start at row b * keys.
  const rows: ops.FloatTensor = ops.reshape(ops.expand(values as ops.FloatTensor, [...batch, keys, width]), [
    sizeOf(batch) * keys,
    width,
  ])
  const starts = ops.mul(ops.reshape(range(0, sizeOf(batch)), [...batch, 1]), keys)
  const chosen = ops.gather(rows, ops.add(ops.argmax(similarity as ops.FloatTensor), starts))
  const masked = ops.expand(allMasked(similarity), [...batch, similarity.shape[similarity.rank - 2]!, 1])
  return ops.where(masked, 0, chosen) as ops.FloatTensor<MatMul<S, V>>
}

/** bool [..., Nq, 1]: true for a query whose keys are all masked. NaN is not -Infinity, and stays NaN. */
function allMasked(similarity: ops.FloatTensor): Tensor<'bool'> {
  return ops.equal(ops.max(similarity, -1, { keepDims: true }), Number.NEGATIVE_INFINITY)
}

function checkValues(similarity: ops.FloatTensor, values: ops.FloatTensor, what: string): void {
  checkSimilarity(similarity, what)
  checkSequence(values, `${what}: values`)
  if (values.shape[values.rank - 2] !== widthOf(similarity))
    throw invalid(
      'SHAPE_MISMATCH',
      `${what}: values`,
      `one for each of ${widthOf(similarity)} keys in the similarities ${formatShape(similarity.shape)}`,
      formatShape(values.shape),
    )
  broadcastShapes(
    similarity.shape.slice(0, -2),
    values.shape.slice(0, -2),
    `${what}: similarities and values`,
  )
}
