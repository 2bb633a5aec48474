import { SaccadeError } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { formatShape, normalizeAxis, sizeOf } from '../graph/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { makeTensor, requireDType, requireShape, requireTensor } from './check.js'
import { cast, reshape } from './shape.js'

/**
 * Takes places of an axis: embeddings are `gather(table, ids)`.
 * @param table any type, [..., V, ...]
 * @param indices int32 or int64 of any shape, 0 to V - 1
 * @returns the axis replaced by the axes of `indices`
 * @throws INDEX_OUT_OF_RANGE when it is computed, if an index is outside the axis
 */
export function gather<D extends DType>(
  table: Tensor<D>,
  indices: Tensor<'int32' | 'int64'>,
  axis = 0,
): Tensor<D> {
  requireTensor(table, 'gather')
  requireDType(indices, ['int32', 'int64'], 'gather: indices')
  const place = normalizeAxis(axis, table.rank, 'gather')
  const before = table.shape.slice(0, place)
  const after = table.shape.slice(place + 1)
  const flatTable = reshape(table, [sizeOf(before), table.shape[place]!, sizeOf(after)])
  const flatIndices = reshape(cast(indices, 'int32') as Tensor<'int32'>, [indices.size])
  const shape = [sizeOf(before), indices.size, sizeOf(after)]
  const taken: Tensor<D> = makeTensor('gather', table.dtype, shape, [flatTable, flatIndices])
  return reshape(taken, [...before, ...indices.shape, ...after])
}

/**
 * Writes `values` into `cache` from place `at` of axis 2 on, in the cache's own memory: what key-value caches need.
 * The cache must be computed, must have no other reader in the graph, and is used up: go on with the result.
 * @param cache [B, H, capacity, D], computed
 * @param values [B, H, n, D] of the same type
 * @param at int32 [1], with at + n <= capacity
 * @throws INDEX_OUT_OF_RANGE when it is computed, if the values do not fit
 */
export function update<D extends DType>(cache: Tensor<D>, values: Tensor<D>, at: Tensor<'int32'>): Tensor<D> {
  requireTensor(cache, 'update: cache')
  requireDType(values, [cache.dtype], 'update: values')
  requireDType(at, ['int32'], 'update: at')
  requireShape(at, [1], 'update: at')
  if (!cache.computed || cache.node.isConstant)
    throw new SaccadeError(
      'INPUT_INVALID',
      'update: the cache must be a computed tensor, as it is written in place',
    )
  const fits =
    cache.rank === 4 &&
    values.rank === 4 &&
    [0, 1, 3].every((axis) => cache.shape[axis] === values.shape[axis])
  if (!fits || values.shape[2]! > cache.shape[2]!)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `update: values ${formatShape(values.shape)} do not fit cache ${formatShape(cache.shape)}`,
    )
  const [batch, heads, capacity, width] = cache.shape as readonly number[] as [number, number, number, number]
  const rows = reshape(cache, [batch * heads, capacity, width])
  const written = reshape(values, [batch * heads, values.shape[2]!, width])
  const result: Tensor<D> = makeTensor(
    'update',
    cache.dtype,
    [batch * heads, capacity, width],
    [rows, written, at],
  )
  return reshape(result, cache.shape)
}
