import { invalid } from '../errors.js'
import type { Substitute } from '../graph/axis-types.js'
import type { DType } from '../graph/dtype.js'
import { GraphNode } from '../graph/node.js'
import { checkShape, formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from '../graph/shape.js'
import { reshapeNode } from '../graph/views.js'
import { Tensor } from '../tensor/tensor.js'
import { nodeOf, type OnAxis, requireDType, requireRank, requireShape, requireTensor } from './check.js'
import { cast } from './shape.js'

/**
 * Selects entries of an axis by index. Embeddings are `gather(table, ids)`.
 * @param table any type, [..., V, ...]
 * @param indices int32 or int64 of any shape, 0 to V - 1
 * @param axis default: the first
 * @returns the table's shape with the axis replaced by the axes of `indices`
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH; INDEX_OUT_OF_RANGE at the computation, if an index is outside the axis
 */
export function gather<D extends DType, S extends Shape, I extends Shape, const A extends number = 0>(
  table: Tensor<D, S>,
  indices: Tensor<'int32' | 'int64', I>,
  axis?: A & OnAxis<S, A>,
): Tensor<D, Substitute<S, A, I>> {
  requireTensor(table, 'gather')
  requireDType(indices, ['int32', 'int64'], 'gather: indices')
  const axisIndex = normalizeAxis(axis ?? 0, table.rank, 'gather')
  const before = table.shape.slice(0, axisIndex)
  const after = table.shape.slice(axisIndex + 1)
  const shape = [...before, ...indices.shape, ...after]
  checkShape(shape, 'gather')
  const entries = table.shape[axisIndex]!
  if (entries === 0 && indices.size > 0)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      'gather: table',
      `elements on axis ${axisIndex}`,
      formatShape(table.shape),
    )
  const flatTable = reshapeNode(nodeOf(table, 'gather'), [sizeOf(before), entries, sizeOf(after)])
  const flatIndices = reshapeNode(nodeOf(cast(indices, 'int32'), 'gather'), [indices.size])
  return new Tensor(reshapeNode(new GraphNode('gather', [flatTable, flatIndices], {}), shape))
}

/**
 * Writes `values` into `cache` in place, at index `at` of axis 2. Made for key-value caches. The computation consumes the
 * cache: use the result instead. So nothing else may read the cache in the same computation, and the result must be among
 * the tensors that are computed. If the computation fails, the cache is usable again, but its content from index `at` on
 * is undefined.
 * @param cache [B, H, capacity, D], computed
 * @param values [B, H, n, D] of the same type
 * @param at int32 [1], or [B] with an index for each batch entry; at + n <= capacity
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH; INPUT_INVALID for a cache that is not computed, and at the computation for
 *   another reader of the cache; INDEX_OUT_OF_RANGE at the computation, if the values exceed the capacity
 */
export function update<D extends DType, S extends Shape>(
  cache: Tensor<D, S>,
  values: Tensor<NoInfer<D>>,
  at: Tensor<'int32'>,
): Tensor<D, S> {
  requireTensor(cache, 'update: cache')
  requireDType(values, [cache.dtype], 'update: values')
  requireDType(at, ['int32'], 'update: at')
  if (!cache.computed || cache.node.isConstant)
    throw invalid(
      'INPUT_INVALID',
      'update: cache',
      'a computed tensor, as it is written in place',
      cache.describe(),
    )
  const axes = '[B, H, capacity, D]'
  const [batch, heads, capacity, width] = requireRank(cache, 4, axes, 'update: cache')
  const count = requireRank(values, 4, '[B, H, n, D]', 'update: values')[2]
  if (!sameShape(at.shape, [1])) requireShape(at, [batch], 'update: at')
  if (!sameShape(values.shape, [batch, heads, count, width]) || count > capacity)
    throw invalid(
      'SHAPE_MISMATCH',
      'update: values',
      `the cache's shape ${formatShape(cache.shape)}, with at most its capacity`,
      formatShape(values.shape),
    )
  const rows = reshapeNode(nodeOf(cache, 'update'), [batch * heads, capacity, width])
  const written = reshapeNode(nodeOf(values, 'update'), [batch * heads, count, width])
  const result = new GraphNode('update', [rows, written, nodeOf(at, 'update')], {})
  return new Tensor(reshapeNode(result, cache.shape))
}
