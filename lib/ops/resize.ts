import { invalid } from '../errors.js'
import type { Replace } from '../graph/axis-types.js'
import { GraphNode } from '../graph/node.js'
import { normalizeAxis, type Shape } from '../graph/shape.js'
import { permuteNode, reshapeNode } from '../graph/views.js'
import { checkLimit } from '../limits.js'
import { checkFlags, checkOptions, optionInvalid } from '../options.js'
import { constantFrom } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, nodeOf, type OnAxis, requireFloat, requireWhole } from './check.js'

/** How an axis is interpolated. The names are those of torch.nn.functional.interpolate. */
export interface ResizeOptions {
  readonly mode: 'nearest' | 'bilinear' | 'bicubic'
  /** Align the centers of the first and last elements of input and output. Default false. */
  readonly alignCorners?: boolean
  /** Widen the filter for a smaller size (bilinear, bicubic). Default false. */
  readonly antialias?: boolean
  /** Output size / input size for the coordinates. Default: the ratio of the actual sizes. */
  readonly scale?: number
  /** Compute only the elements from start to end (exclusive) of the result. Default: all. */
  readonly part?: { readonly start: number; readonly end: number }
}

/**
 * Interpolates one axis with the results of torch.nn.functional.interpolate, as a product with a matrix of coefficients
 * that is computed in float64. Call it twice for the two axes of an image or a position table.
 * @param x float32
 * @param size the new size of the axis
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function resize<S extends Shape, const A extends number, const Size extends number>(
  x: FloatTensor<S>,
  axis: A & OnAxis<S, A>,
  size: Size,
  options: ResizeOptions,
): FloatTensor<Replace<S, A, Size>> {
  requireFloat(x, 'resize')
  requireWhole(size, 1, 'resize: size')
  const given = checkResize(options)
  const axisIndex = normalizeAxis(axis, x.rank, 'resize')
  const length = x.shape[axisIndex]!
  if (length === 0) throw invalid('SHAPE_MISMATCH', 'resize', 'elements on the axis', 'none')
  const { start, end } = partOf(given.part, size)
  checkLimit('tableElements', length * (end - start), 'resize: size')
  const table = resizeMatrix(length, size, { ...given, part: { start, end } })
  const matrix = constantFrom(table, [length, end - start], 'float32').node
  // Moves the axis to the end; all other axes together are the rows of the product.
  const order = x.shape.map((_, index) => index).filter((index) => index !== axisIndex)
  const permuted = permuteNode(nodeOf(x, 'resize'), [...order, axisIndex])
  const outer = permuted.shape.slice(0, -1)
  const rows = reshapeNode(permuted, [x.size / length, length])
  const product = new GraphNode('matmul', [rows, matrix], {})
  const inverse = x.shape.map((_, index) => [...order, axisIndex].indexOf(index))
  return new Tensor(permuteNode(reshapeNode(product, [...outer, end - start]), inverse))
}

const modes = ['nearest', 'bilinear', 'bicubic']

function checkResize(options: ResizeOptions): ResizeOptions {
  const given = checkOptions(options, ['mode', 'alignCorners', 'antialias', 'scale', 'part'], 'resize')
  checkFlags(given, ['alignCorners', 'antialias'], 'resize')
  const { mode, alignCorners = false, antialias = false, scale } = given
  if (!modes.includes(mode)) optionInvalid('resize: mode', mode, `one of ${modes.join(', ')}`)
  if (mode === 'nearest' && (alignCorners || antialias))
    optionInvalid('resize: mode with alignCorners or antialias', mode, 'bilinear or bicubic')
  if (scale !== undefined && !(Number.isFinite(scale) && scale > 0))
    optionInvalid('resize: scale', scale, 'a finite number above 0')
  return given
}

/** The weight of one input element in an output element. */
interface Tap {
  readonly from: number
  readonly weight: number
}

function partOf(part: ResizeOptions['part'], size: number) {
  const { start, end } = checkOptions(part ?? { start: 0, end: size }, ['start', 'end'], 'resize: part')
  requireWhole(start, 0, 'resize: part.start')
  requireWhole(end, start + 1, 'resize: part.end')
  if (end > size) optionInvalid('resize: part.end', end, `at most the size, ${size}`)
  return { start, end }
}

/** The row-major matrix [length, end - start] whose column j has the weights of output element start + j. */
export function resizeMatrix(length: number, size: number, options: ResizeOptions): Float32Array {
  const { start, end } = options.part ?? { start: 0, end: size }
  const count = end - start
  const matrix = new Float32Array(length * count)
  const ratio = ratioOf(length, size, options)
  for (let to = start; to < end; to++) {
    for (const { from, weight } of taps(to, length, ratio, options)) {
      // Elements outside the input repeat the border.
      const clamped = Math.min(length - 1, Math.max(0, from))
      matrix[clamped * count + to - start]! += weight
    }
  }
  return matrix
}

/** Distance in the input between neighbouring output elements. */
function ratioOf(length: number, size: number, { alignCorners = false, scale }: ResizeOptions): number {
  if (!alignCorners) return scale === undefined ? length / size : 1 / scale
  return size > 1 ? (length - 1) / (size - 1) : 0
}

function taps(to: number, length: number, ratio: number, options: ResizeOptions): Tap[] {
  const { mode, alignCorners = false, antialias = false } = options
  // torch computes this in float32, where rounding decides which element is the nearest.
  if (mode === 'nearest') return [{ from: Math.floor(Math.fround(to * Math.fround(ratio))), weight: 1 }]
  if (antialias) return antialiased(to, length, ratio, mode)
  const center = alignCorners ? to * ratio : (to + 0.5) * ratio - 0.5
  if (mode === 'bilinear') {
    const first = Math.floor(Math.max(0, center))
    const fraction = Math.max(0, center) - first
    return [
      { from: first, weight: 1 - fraction },
      { from: first + 1, weight: fraction },
    ]
  }
  const first = Math.floor(center)
  return [-1, 0, 1, 2].map((tap) => ({ from: first + tap, weight: cubic(first + tap - center, -0.75) }))
}

/**
 * Taps of torch's antialiased filters: the support grows with the ratio, and the weights at the border are renormalised.
 * alignCorners changes the ratio only: torch measures distances from pixel centers in any case.
 */
function antialiased(to: number, length: number, ratio: number, mode: 'bilinear' | 'bicubic'): Tap[] {
  const stretch = Math.max(1, ratio)
  const support = (mode === 'bicubic' ? 2 : 1) * stretch
  const center = (to + 0.5) * ratio
  const first = Math.max(0, Math.trunc(center - support + 0.5))
  const end = Math.min(length, Math.trunc(center + support + 0.5))
  const taps: Tap[] = []
  for (let from = first; from < end; from++) {
    const distance = (from - center + 0.5) / stretch
    const weight = mode === 'bicubic' ? cubic(distance, -0.5) : Math.max(0, 1 - Math.abs(distance))
    taps.push({ from, weight })
  }
  const total = taps.reduce((sum, { weight }) => sum + weight, 0)
  return taps.map(({ from, weight }) => ({ from, weight: weight / total }))
}

/** Cubic convolution kernel (Keys 1981). */
function cubic(x: number, a: number): number {
  const t = Math.abs(x)
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0
}
