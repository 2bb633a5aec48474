import { invalid } from '../errors.js'
import type { Replace } from '../graph/axis-types.js'
import { type FilterKind, filterKinds } from '../graph/kinds.js'
import { GraphNode } from '../graph/node.js'
import { normalizeAxis, type Shape, sizeOf } from '../graph/shape.js'
import { reshapeNode } from '../graph/views.js'
import { optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { nodeOf, type OnAxis, requireDType, requireWhole, tensorOf } from './check.js'

/** Pillow's filters and their numbers, which preprocessor_config.json has as `resample`. */
export const resampleFilters = {
  nearest: 0,
  lanczos: 1,
  bilinear: 2,
  bicubic: 3,
  box: 4,
  hamming: 5,
} as const satisfies Record<FilterKind, number>
export type ResampleFilter = FilterKind

/**
 * Resizes one axis of 8-bit data with the exact results of Pillow's Image.resize: the filter widens for a smaller size,
 * sums are in fixed point, and the result is rounded to 8 bits.
 * @param x uint8
 * @param size the new size of the axis
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function resample<S extends Shape, const A extends number, const Size extends number>(
  x: Tensor<'uint8', S>,
  axis: A & OnAxis<S, A>,
  size: Size,
  filter: ResampleFilter,
): Tensor<'uint8', Replace<S, A, Size>> {
  requireDType(x, ['uint8'], 'resample')
  requireWhole(size, 1, 'resample: size')
  if (!filterKinds.includes(filter))
    optionInvalid('resample: filter', filter, `one of ${filterKinds.join(', ')}`)
  const axisIndex = normalizeAxis(axis, x.rank, 'resample')
  const length = x.shape[axisIndex]!
  if (length === 0) throw invalid('SHAPE_MISMATCH', 'resample', 'elements on the axis', 'none')
  const node = nodeOf(x, 'resample')
  if (length === size) return tensorOf(node, x)
  const outer = sizeOf(x.shape.slice(0, axisIndex))
  const inner = sizeOf(x.shape.slice(axisIndex + 1))
  const flat = reshapeNode(node, [outer, length, inner])
  const result = new GraphNode('resample', [flat], { filter, start: 0, end: length, size })
  const shape = x.shape.map((dim, index) => (index === axisIndex ? size : dim))
  return tensorOf(reshapeNode(result, shape), x)
}
