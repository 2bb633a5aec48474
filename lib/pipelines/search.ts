import { invalid } from '../errors.js'
import { isPositive } from '../files/config.js'
import { formatShape } from '../graph/shape.js'
import { requireTensor } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { checkOptions, optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { attempt } from '../values.js'
import type { CallOptions } from './base.js'
import { TensorOutput } from './tensor-output.js'

/** A vector that is near to a query. */
export interface Match {
  /** Its row. */
  readonly index: number
  /** The cosine similarity, -1 to 1. */
  readonly score: number
}

export interface SearchOptions extends CallOptions {
  /** Number of matches for each query. Default 10. */
  readonly top_k?: number | undefined
}

/** float32 [rows, width], of any length. */
export type Vectors = TensorOutput | Tensor<'float32'>

/** Rows of one native run: bounds the memory for the scores of many queries. */
const queriesPerRun = 64

/**
 * The nearest vectors of each query by cosine similarity, the nearest first, computed natively. Of equally near ones the
 * first comes first. A vector of zeros has the similarity 0.
 * @example search(await embedder.texts('a red circle'), await embedder.images(files), { top_k: 3 })
 * @throws INPUT_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED
 */
export async function search(
  queries: Vectors,
  vectors: Vectors,
  options: SearchOptions = {},
): Promise<Match[][]> {
  const { top_k: count = 10, signal } = checkOptions(options, ['top_k', 'signal'], 'search')
  if (!isPositive(count)) optionInvalid('search: top_k', count, 'a whole number above 0')
  const [asked, rows] = [tensorOf(queries, 'search: queries'), tensorOf(vectors, 'search: vectors')]
  const [width] = asked.shape.slice(1)
  if (rows.shape[1] !== width)
    throw invalid(
      'SHAPE_MISMATCH',
      'search: vectors',
      `[rows, ${width}], as the queries`,
      formatShape(rows.shape),
    )
  const unit = unitRows(rows)
  const matches: Match[][] = []
  for (let start = 0; start < asked.shape[0]!; start += queriesPerRun) {
    const end = Math.min(start + queriesPerRun, asked.shape[0]!)
    const some = unitRows(ops.slice(asked, { axis: 0, start, end }))
    // The many rows are the left factor: it is read as it is, and the right one is packed.
    const scores: ops.FloatTensor = ops.permute(ops.matmul(unit, ops.permute(some, [1, 0])), [1, 0])
    const { values, indices } = ops.topK(scores, Math.min(count, rows.shape[0]!))
    const [found, at] = [await values.data({ signal }), await indices.data({ signal })]
    const each = found.length / (end - start)
    for (let query = 0; query < end - start; query++)
      matches.push(
        Array.from({ length: each }, (_, rank) => ({
          index: at[query * each + rank]!,
          score: found[query * each + rank]!,
        })),
      )
  }
  return matches
}

function tensorOf(vectors: Vectors, what: string): ops.FloatTensor {
  const tensor = isOutput(vectors) ? Tensor.from(vectors.data, vectors.dims) : vectors
  requireTensor(tensor, what)
  if (tensor.dtype !== 'float32') throw invalid('DTYPE_MISMATCH', what, 'float32', tensor.dtype)
  if (tensor.rank !== 2) throw invalid('SHAPE_MISMATCH', what, '[rows, width]', formatShape(tensor.shape))
  if (tensor.size === 0) throw invalid('EMPTY_BATCH', what, 'at least one vector', formatShape(tensor.shape))
  return tensor
}

function isOutput(vectors: Vectors): vectors is TensorOutput {
  return attempt(() => vectors instanceof TensorOutput) === true
}

/** Rows of length 1; rows of zeros stay. */
function unitRows(x: ops.FloatTensor): ops.FloatTensor {
  const length: ops.FloatTensor = ops.sqrt(ops.sum(ops.square(x), 1, { keepDims: true }))
  return ops.div(x, ops.maximum(length, 1e-12))
}
