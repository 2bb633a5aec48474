import { SaccadeError } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import {
  type FloatTensor,
  makeTensor,
  requireFloat,
  requireRank,
  requireShape,
  requireWhole,
} from './check.js'
import { add } from './elementwise.js'

/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number]

export interface ConvolutionOptions {
  readonly stride?: Pair
  /** Zeros around the input; 'same' (as TensorFlow: output = ceil(input / stride), the odd zero after), or a number. */
  readonly padding?: Pair | 'same'
  readonly dilation?: Pair
  readonly groups?: number
}

/**
 * Two-dimensional convolution (cross-correlation, as in deep learning) of channels-last images.
 * @param x float32 [N, H, W, C]
 * @param weight float32 [O, C / groups, kh, kw], as PyTorch stores it
 * @param bias float32 [O], or undefined
 * @returns float32 [N, OH, OW, O]
 */
export function conv2d(
  x: FloatTensor,
  weight: FloatTensor,
  bias?: FloatTensor,
  options: ConvolutionOptions = {},
): FloatTensor {
  requireFloat(x, 'conv2d')
  requireRank(x, 4, '[N, H, W, C]', 'conv2d')
  requireFloat(weight, 'conv2d: weight')
  requireRank(weight, 4, '[O, C / groups, kh, kw]', 'conv2d: weight')
  const { groups = 1 } = options
  requireWhole(groups, 1, 'conv2d: groups')
  const [batch, height, width, channels] = x.shape as Shape as [number, number, number, number]
  const [outputs, perGroup, kh, kw] = weight.shape as Shape as [number, number, number, number]
  if (perGroup * groups !== channels || outputs % groups !== 0)
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `conv2d: weight ${formatShape(weight.shape)} in ${groups} groups does not fit the ${channels} channels of x ${formatShape(x.shape)}`,
    )
  const stride = pair(options.stride ?? 1, 1, 'conv2d: stride')
  const dilation = pair(options.dilation ?? 1, 1, 'conv2d: dilation')
  const { before, sizes } = geometry(
    [height, width],
    [kh, kw],
    stride,
    dilation,
    options.padding ?? 0,
    false,
    'conv2d',
  )
  const attributes = { stride, padding: before, dilation, groups }
  const product: FloatTensor = makeTensor(
    'convolution',
    'float32',
    [batch, ...sizes, outputs],
    [x, weight],
    attributes,
  )
  if (!bias) return product
  requireFloat(bias, 'conv2d: bias')
  requireShape(bias, [outputs], 'conv2d: bias')
  return add(product, bias) as FloatTensor
}

export interface PoolOptions {
  readonly kernel: Pair
  /** Default: the kernel. */
  readonly stride?: Pair
  readonly padding?: Pair | 'same'
  readonly dilation?: Pair
  /** Round output sizes up: windows may begin inside and end past the padding. */
  readonly ceil?: boolean
}

/** Largest element of each window of [N, H, W, C]; padding never wins. */
export function maxPool2d(x: FloatTensor, options: PoolOptions): FloatTensor {
  return pool(x, 'max', options, false, 'maxPool2d')
}

/**
 * Mean of each window of [N, H, W, C].
 * @param options.countPadding whether zeros of the padding count in the divisor. Default true, as in PyTorch
 */
export function avgPool2d(
  x: FloatTensor,
  options: PoolOptions & { readonly countPadding?: boolean },
): FloatTensor {
  return pool(x, 'average', options, options.countPadding ?? true, 'avgPool2d')
}

function pool(
  x: FloatTensor,
  kind: string,
  options: PoolOptions,
  countPadding: boolean,
  what: string,
): FloatTensor {
  requireFloat(x, what)
  requireRank(x, 4, '[N, H, W, C]', what)
  const [batch, height, width, channels] = x.shape as Shape as [number, number, number, number]
  const kernel = pair(options.kernel, 1, `${what}: kernel`)
  const stride = pair(options.stride ?? options.kernel, 1, `${what}: stride`)
  const dilation = pair(options.dilation ?? 1, 1, `${what}: dilation`)
  const { before, sizes, extra } = geometry(
    [height, width],
    kernel,
    stride,
    dilation,
    options.padding ?? 0,
    options.ceil ?? false,
    what,
  )
  const attributes = { kind, kernel, stride, padding: before, dilation, countPadding, ceilExtra: extra }
  return makeTensor('pool', 'float32', [batch, ...sizes, channels], [x], attributes)
}

function pair(value: Pair, least: number, what: string): [number, number] {
  const [h, w] = typeof value === 'number' ? [value, value] : value
  requireWhole(h, least, what)
  requireWhole(w, least, what)
  return [h, w]
}

/** Output sizes, padding before, and how far the last window reaches past the padded input, for each axis. */
function geometry(
  input: readonly [number, number],
  kernel: readonly [number, number],
  stride: readonly [number, number],
  dilation: readonly [number, number],
  padding: Pair | 'same',
  ceil: boolean,
  what: string,
) {
  const axes = [0, 1] as const
  const reach = axes.map((axis) => dilation[axis] * (kernel[axis] - 1) + 1)
  if (padding === 'same') {
    const sizes = axes.map((axis) => Math.ceil(input[axis] / stride[axis]))
    const total = axes.map((axis) =>
      Math.max(0, (sizes[axis]! - 1) * stride[axis] + reach[axis]! - input[axis]),
    )
    return { before: total.map((zeros) => Math.floor(zeros / 2)), sizes, extra: [0, 0] }
  }
  const before = pair(padding, 0, `${what}: padding`)
  const sizes = axes.map((axis) => {
    const span = input[axis] + 2 * before[axis] - reach[axis]!
    const steps = ceil ? Math.ceil(span / stride[axis]) : Math.floor(span / stride[axis])
    // A window that would begin in the padding after the input is left out.
    const late = ceil && steps * stride[axis] >= input[axis] + before[axis]
    return late ? steps : steps + 1
  })
  if (sizes.some((size) => size < 1))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: a window of ${formatShape(kernel)} does not fit an input of ${formatShape(input)}`,
    )
  const extra = axes.map((axis) =>
    Math.max(0, (sizes[axis]! - 1) * stride[axis] + reach[axis]! - (input[axis] + 2 * before[axis])),
  )
  return { before, sizes, extra }
}
