import { invalid } from '../errors.js'
import type { Replace } from '../graph/axis-types.js'
import { GraphNode } from '../graph/node.js'
import { formatShape, type Shape } from '../graph/shape.js'
import { reshapeNode } from '../graph/views.js'
import { constantFrom } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, nodeOf, type Rows, requireFloat, requireWhole } from './check.js'
import { add } from './elementwise.js'
import { gather } from './indexing.js'

/** The largest elements of rows. */
export interface TopK<S extends Shape> {
  /** float32, the largest first. */
  readonly values: FloatTensor<S>
  /** int32: their indices in the row. */
  readonly indices: Tensor<'int32', S>
}

/** Indices of rows times their length are int32. */
const mostElements = 2 ** 31 - 1

/**
 * The k largest elements along the last axis, and where they are. The largest is first; of equal elements the one with
 * the lower index. NaN is larger than any number, as in torch.topk.
 * @param x float32 [..., n]
 * @param k 1 to n
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH (no axis, 2^31 elements or more), OPTION_INVALID (k)
 */
export function topK<S extends Shape, const K extends number>(
  x: FloatTensor<S> & Rows<S>,
  k: K,
): TopK<Replace<S, -1, K>> {
  requireFloat(x, 'topK')
  requireWhole(k, 1, 'topK: k')
  const length = x.shape[x.rank - 1]
  if (length === undefined || x.size > mostElements)
    throw invalid('SHAPE_MISMATCH', 'topK', '1 axis or more, below 2^31 elements', formatShape(x.shape))
  if (k > length)
    throw invalid('OPTION_INVALID', 'topK: k', `at most ${length}, the length of the rows`, String(k))
  const node = nodeOf(x, 'topK')
  const chosen = new GraphNode('topK', [node], { count: k })
  const count = x.size / length
  const rows: Tensor<'int32'> = new Tensor(reshapeNode(chosen, [count, k]))
  const starts = constantFrom(
    Int32Array.from({ length: count }, (_, row) => row * length),
    [count, 1],
    'int32',
  )
  const flat: FloatTensor = new Tensor(reshapeNode(node, [x.size]))
  const values = nodeOf(gather(flat, add(rows, starts as Tensor<'int32'>)), 'topK')
  return { values: new Tensor(reshapeNode(values, chosen.shape)), indices: new Tensor(chosen) }
}
