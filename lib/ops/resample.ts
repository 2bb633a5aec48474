import { invalid } from '../errors.js'
import type { Replace } from '../graph/axis-types.js'
import { type FilterKind, filterKinds } from '../graph/kinds.js'
import { GraphNode, type Node } from '../graph/node.js'
import { normalizeAxis, type Shape, sizeOf } from '../graph/shape.js'
import { reshapeNode, sliceNode } from '../graph/views.js'
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

/** The longest axis, before a resize: Pillow keeps its length in float32, which does not hold larger integers exactly. */
const maxLength = 2 ** 24
/** The longest axis after a resize, of which a window is computed. */
export const maxResampledSize = 2 ** 28

/**
 * Resizes one axis of 8-bit data with the exact results of Pillow's Image.resize: the filter widens for a smaller size,
 * sums are in fixed point, and the result is rounded to 8 bits.
 * @param x uint8
 * @param size the new size of the axis, at most 2^28
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function resample<S extends Shape, const A extends number, const Size extends number>(
  x: Tensor<'uint8', S>,
  axis: A & OnAxis<S, A>,
  size: Size,
  filter: ResampleFilter,
): Tensor<'uint8', Replace<S, A, Size>> {
  requireDType(x, ['uint8'], 'resample')
  const length = x.shape[normalizeAxis(axis, x.rank, 'resample')]!
  const whole = (all: number): AxisPart => ({ length: all, start: 0, count: all })
  return tensorOf(resampleNode(x, axis, whole(length), whole(size), filter), x)
}

/** Positions of an axis. */
export interface AxisPart {
  /** Length of the whole axis. */
  readonly length: number
  readonly start: number
  /** How many positions. */
  readonly count: number
}

/**
 * Some positions of an axis after {@link resample}, computed from the part of the axis that they depend on (see
 * {@link resampleInputs}), with the same bits.
 * @param x uint8, with `from.count` positions on the axis
 * @param from what `x` has of the axis
 * @param to which positions of the resized axis to compute; its length is at most 2^28
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function resamplePart(
  x: Tensor<'uint8'>,
  axis: number,
  from: AxisPart,
  to: AxisPart,
  filter: ResampleFilter,
): Tensor<'uint8'> {
  return tensorOf(resampleNode(x, axis, from, to, filter), x)
}

const supports: Record<ResampleFilter, number> = {
  nearest: 1,
  box: 0.5,
  bilinear: 1,
  hamming: 1,
  bicubic: 2,
  lanczos: 3,
}

/** The part of an axis that positions of the resized axis depend on. */
export function resampleInputs(length: number, to: AxisPart, filter: ResampleFilter): AxisPart {
  if (length === to.length) return { length, start: to.start, count: to.count }
  const scale = length / to.length
  const support = supports[filter] * Math.max(1, scale)
  // One more on each side: the positions of `nearest` are sums, which are rounded.
  const start = Math.max(0, Math.floor((to.start + 0.5) * scale - support + 0.5) - 1)
  const end = Math.min(length, Math.ceil((to.start + to.count - 0.5) * scale + support + 0.5) + 1)
  return { length, start, count: end - start }
}

function resampleNode(
  x: Tensor<'uint8', Shape>,
  axis: number,
  from: AxisPart,
  to: AxisPart,
  filter: ResampleFilter,
): Node {
  requireDType(x, ['uint8'], 'resample')
  if (!filterKinds.includes(filter))
    optionInvalid('resample: filter', filter, `one of ${filterKinds.join(', ')}`)
  const axisIndex = normalizeAxis(axis, x.rank, 'resample')
  if (x.shape[axisIndex] === 0) throw invalid('SHAPE_MISMATCH', 'resample', 'elements on the axis', 'none')
  if (x.shape[axisIndex] !== from.count)
    throw invalid('SHAPE_MISMATCH', 'resample', `an axis of ${from.count}`, String(x.shape[axisIndex]))
  checkPart(from, maxLength, 'length of the axis')
  checkPart(to, maxResampledSize, 'size')
  const node = nodeOf(x, 'resample')
  // Pillow copies an axis that keeps its size.
  if (from.length === to.length) {
    const start = to.start - from.start
    if (start < 0 || start + to.count > from.count)
      throw invalid(
        'SHAPE_MISMATCH',
        'resample',
        'the positions to compute among those of the input',
        'others',
      )
    return sliceNode(node, axisIndex, start, to.count)
  }
  const outer = sizeOf(x.shape.slice(0, axisIndex))
  const inner = sizeOf(x.shape.slice(axisIndex + 1))
  const flat = reshapeNode(node, [outer, from.count, inner])
  const result = new GraphNode('resample', [flat], {
    filter,
    length: from.length,
    offset: from.start,
    size: to.length,
    first: to.start,
    count: to.count,
  })
  return reshapeNode(
    result,
    x.shape.map((dim, index) => (index === axisIndex ? to.count : dim)),
  )
}

function checkPart({ length, start, count }: AxisPart, longest: number, what: string): void {
  requireWhole(length, 1, `resample: ${what}`)
  requireWhole(start, 0, 'resample: start')
  requireWhole(count, 1, 'resample: count')
  if (length > longest) optionInvalid(`resample: ${what}`, length, `at most ${longest}`)
  if (start + count > length)
    throw invalid(
      'SHAPE_MISMATCH',
      'resample',
      `positions below ${length}`,
      `${start} to ${start + count - 1}`,
    )
}
