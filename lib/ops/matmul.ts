import { invalid } from '../errors.js'
import { GraphNode, type Node } from '../graph/node.js'
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js'
import type { Fitting, Linear, MatMul } from '../graph/shape-types.js'
import { expandNode, permuteNode, reshapeNode } from '../graph/views.js'
import { Tensor } from '../tensor/tensor.js'
import {
  type FloatTensor,
  makeTensor,
  nodeOf,
  requireFloat,
  requireRank,
  requireShape,
  type VectorOf,
} from './check.js'

/**
 * Matrix product over the last two axes: [..., M, K] @ [..., K, N] = [..., M, N]; leading axes are broadcast.
 * @throws SHAPE_MISMATCH if the inner sizes differ or a side has fewer than two axes; DTYPE_MISMATCH
 */
export function matmul<A extends Shape, B extends Shape>(
  a: FloatTensor<A>,
  b: FloatTensor<B> & Fitting<MatMul<A, B>, 'the inner sizes of a matrix product differ'>,
): FloatTensor<MatMul<A, B>> {
  requireFloat(a, 'matmul')
  requireFloat(b, 'matmul')
  if (a.rank < 2 || b.rank < 2 || a.shape[a.rank - 1] !== b.shape[b.rank - 2])
    throw invalid(
      'SHAPE_MISMATCH',
      'matmul',
      '[..., M, K] @ [..., K, N]',
      `${formatShape(a.shape)} @ ${formatShape(b.shape)}`,
    )
  broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul')
  return makeTensor(new GraphNode('matmul', [nodeOf(a, 'matmul'), nodeOf(b, 'matmul')], {}))
}

/**
 * Fully connected layer: x @ weight^T + bias.
 * @param x float32 [..., I]
 * @param weight float32 [O, I], as PyTorch stores it
 * @param bias float32 [O], or undefined
 * @returns float32 [..., O]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function linear<X extends Shape, W extends Shape, B extends Shape>(
  x: FloatTensor<X> & Fitting<Linear<X, W>, 'the last size of x is not the input width of the weight'>,
  weight: FloatTensor<W>,
  bias?: (FloatTensor<B> & VectorOf<B, W[0] & number>) | undefined,
): FloatTensor<Linear<X, W>> {
  requireFloat(x, 'linear')
  requireFloat(weight, 'linear: weight')
  const [outputs, inputs] = requireRank(weight, 2, '[outputs, inputs]', 'linear: weight')
  if (x.rank < 1 || x.shape[x.rank - 1] !== inputs)
    throw invalid(
      'SHAPE_MISMATCH',
      'linear',
      `[..., ${inputs}], by the weight ${formatShape(weight.shape)}`,
      formatShape(x.shape),
    )
  if (bias !== undefined) {
    requireFloat(bias, 'linear: bias')
    requireShape(bias, [outputs], 'linear: bias')
  }
  const outer = x.shape.slice(0, -1)
  // The product needs two axes: a vector becomes a matrix of one row.
  const matrix = reshapeNode(nodeOf(x, 'linear'), outer.length === 0 ? [1, inputs] : x.shape)
  const columns = permuteNode(nodeOf(weight, 'linear'), [1, 0])
  const product = new GraphNode('matmul', [matrix, columns], {})
  const result = bias ? addVector(product, nodeOf(bias, 'linear')) : product
  return new Tensor(reshapeNode(result, [...outer, outputs]))
}

/** Adds a bias over the last axis. */
export function addVector(x: Node, bias: Node): Node {
  return new GraphNode('binary', [x, expandNode(bias, x.shape)], { kind: 'add' })
}
