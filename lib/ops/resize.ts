import { SaccadeError } from '../errors.js'
import type { Replace } from '../graph/axis-types.js'
import { Node } from '../graph/node.js'
import { normalizeAxis, type Shape } from '../graph/shape.js'
import { permuteNode, reshapeNode } from '../graph/views.js'
import { constantFrom } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, nodeOf, type OnAxis, requireFloat, requireWhole } from './check.js'

/** How one axis is interpolated; the words are those of torch.nn.functional.interpolate. */
export interface ResizeOptions {
  readonly mode: 'nearest' | 'bilinear' | 'bicubic'
  /** First and last places of input and output coincide. */
  readonly alignCorners?: boolean
  /** Widen the filter when shrinking (bilinear, bicubic). */
  readonly antialias?: boolean
  /** Output size over input size as used in the coordinates; default: from the sizes. */
  readonly scale?: number
}

/**
 * Interpolates one axis as torch.nn.functional.interpolate does: a product with a matrix of coefficients computed in
 * float64. Two axes, as of an image or a position table, are two calls.
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
  checkOptions(options)
  const place = normalizeAxis(axis, x.rank, 'resize')
  const length = x.shape[place]!
  if (length === 0) throw new SaccadeError('SHAPE_MISMATCH', 'resize: the axis is empty')
  const table = coefficients(length, size, options)
  const matrix = constantFrom(table, [length, size], 'float32').node
  // The axis goes last, and all the others together are the rows of the product.
  const order = x.shape.map((_, index) => index).filter((index) => index !== place)
  const turned = permuteNode(nodeOf(x, 'resize'), [...order, place])
  const outer = turned.shape.slice(0, -1)
  const rows = reshapeNode(turned, [x.size / length, length])
  const product = new Node('matmul', 'float32', [x.size / length, size], [rows, matrix])
  const back = x.shape.map((_, index) => [...order, place].indexOf(index))
  return new Tensor(permuteNode(reshapeNode(product, [...outer, size]), back))
}

const modes = ['nearest', 'bilinear', 'bicubic']

function checkOptions({ mode, alignCorners = false, antialias = false, scale }: ResizeOptions): void {
  const fault = (what: string) => new SaccadeError('OPTION_INVALID', `resize: ${what}`)
  if (!modes.includes(mode)) throw fault(`unknown mode '${String(mode)}'; there are ${modes.join(', ')}`)
  if (mode === 'nearest' && (alignCorners || antialias))
    throw fault('alignCorners and antialias are for bilinear and bicubic')
  if (scale !== undefined && !(scale > 0 && scale < Number.POSITIVE_INFINITY))
    throw fault(`scale must be a positive number, got ${String(scale)}`)
}

/** The matrix [length, size], row-major, whose column j weighs the input for output place j. */
function coefficients(length: number, size: number, options: ResizeOptions): Float32Array {
  const { mode, alignCorners = false, antialias = false } = options
  const matrix = new Float32Array(length * size)
  const add = (from: number, to: number, weight: number) => {
    matrix[Math.min(length - 1, Math.max(0, from)) * size + to]! += weight
  }
  const ratio = alignCorners
    ? size > 1
      ? (length - 1) / (size - 1)
      : 0
    : 1 / (options.scale ?? size / length)
  for (let to = 0; to < size; to++) {
    if (mode === 'nearest') {
      add(Math.floor(to * ratio), to, 1)
      continue
    }
    if (antialias) {
      for (const { from, weight } of antialiased(to, length, ratio, alignCorners, mode)) add(from, to, weight)
      continue
    }
    let center = alignCorners ? to * ratio : (to + 0.5) * ratio - 0.5
    if (mode === 'bilinear') center = Math.max(0, center)
    const first = Math.floor(center)
    const fraction = center - first
    if (mode === 'bilinear') {
      add(first, to, 1 - fraction)
      add(first + 1, to, fraction)
    } else for (let tap = -1; tap <= 2; tap++) add(first + tap, to, cubic(tap - fraction, -0.75))
  }
  return matrix
}

/** Taps of torch's antialiased filters: the support grows with the ratio; weights at the border are renormalised. */
function antialiased(
  to: number,
  length: number,
  ratio: number,
  alignCorners: boolean,
  mode: 'bilinear' | 'bicubic',
) {
  const stretch = Math.max(1, ratio)
  const support = (mode === 'bicubic' ? 2 : 1) * stretch
  const center = alignCorners ? to * ratio + 0.5 : (to + 0.5) * ratio
  const first = Math.max(0, Math.trunc(center - support + 0.5))
  const end = Math.min(length, Math.trunc(center + support + 0.5))
  const taps = []
  let total = 0
  for (let from = first; from < end; from++) {
    const distance = (from - center + 0.5) / stretch
    const weight = mode === 'bicubic' ? cubic(distance, -0.5) : Math.max(0, 1 - Math.abs(distance))
    total += weight
    taps.push({ from, weight })
  }
  return taps.map(({ from, weight }) => ({ from, weight: weight / total }))
}

/** Keys' cubic convolution kernel. */
function cubic(x: number, a: number): number {
  const t = Math.abs(x)
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0
}
