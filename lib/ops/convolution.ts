import { invalid } from '../errors.js'
import { GraphNode } from '../graph/node.js'
import type { Window } from '../graph/record/windows.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { AsRank4, Fitting, OfRank } from '../graph/shape-types.js'
import { checkFlags, checkOptions, optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { isInteger, readList } from '../values.js'
import {
  type FloatTensor,
  makeTensor,
  nodeOf,
  requireFloat,
  requireRank,
  requireShape,
  requireWhole,
  type VectorOf,
} from './check.js'
import { addVector } from './matmul.js'

/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number]

/**
 * Zeros around images: as many on each side, or [height, width] of them before and after the images. 'same' as in
 * TensorFlow: output = ceil(input / stride), an odd zero goes to the end.
 */
export type Padding = Pair | 'same' | { readonly before: Pair; readonly after: Pair }

/** Options of {@link conv2d}. */
export interface ConvolutionOptions {
  /** Distance between windows. Default 1. */
  readonly stride?: Pair
  /** Zeros around the images. Default 0. */
  readonly padding?: Padding
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: Pair
  /** Number of channel groups, each with its own outputs. Default 1. Depthwise: the number of channels. */
  readonly groups?: number
}

type Images<S extends Shape> = FloatTensor<S> & Fitting<OfRank<S, 4>, 'expected images [N, H, W, C]'>
type Filters<S extends Shape> = FloatTensor<S> & Fitting<OfRank<S, 4>, 'expected [O, C / groups, kh, kw]'>

/** Shape of results: the batch size of S, and unknown height and width. */
type ImagesOf<S extends Shape, C extends number> =
  AsRank4<S> extends readonly [infer N extends number, ...number[]] ? [N, number, number, C] : never
type ChannelsOf<S extends Shape> =
  AsRank4<S> extends readonly [number, number, number, infer C extends number] ? C : never
type OutputsOf<W extends Shape> =
  AsRank4<W> extends readonly [infer O extends number, ...number[]] ? O : never

/**
 * Two-dimensional convolution (cross-correlation) of channels-last images.
 * @param x float32 [N, H, W, C]
 * @param weight float32 [O, C / groups, kh, kw], as PyTorch stores it
 * @param bias float32 [O], or undefined
 * @returns float32 [N, OH, OW, O]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function conv2d<S extends Shape, W extends Shape, B extends Shape>(
  x: Images<S>,
  weight: Filters<W>,
  bias?: (FloatTensor<B> & VectorOf<B, OutputsOf<W>>) | undefined,
  options: ConvolutionOptions = {},
): FloatTensor<ImagesOf<S, OutputsOf<W>>> {
  requireFloat(x, 'conv2d')
  const [, height, width, channels] = requireRank(x, 4, '[N, H, W, C]', 'conv2d')
  requireFloat(weight, 'conv2d: weight')
  const [outputs, perGroup, kh, kw] = requireRank(weight, 4, '[O, C / groups, kh, kw]', 'conv2d: weight')
  const given = checkOptions(options, ['stride', 'padding', 'dilation', 'groups'], 'conv2d')
  const { groups = 1 } = given
  requireWhole(groups, 1, 'conv2d: groups')
  if (perGroup * groups !== channels || outputs % groups !== 0)
    throw invalid(
      'SHAPE_MISMATCH',
      'conv2d: weight',
      `${groups} groups over the ${channels} channels of x ${formatShape(x.shape)}`,
      formatShape(weight.shape),
    )
  const stride = pair(given.stride ?? 1, 1, 'conv2d: stride')
  const dilation = pair(given.dilation ?? 1, 1, 'conv2d: dilation')
  const { window } = geometry(
    [height, width],
    [kh, kw],
    stride,
    dilation,
    given.padding ?? 0,
    false,
    'conv2d',
  )
  if (bias !== undefined) {
    requireFloat(bias, 'conv2d: bias')
    requireShape(bias, [outputs], 'conv2d: bias')
  }
  const operands = [nodeOf(x, 'conv2d'), nodeOf(weight, 'conv2d')]
  const product = new GraphNode('conv2d', operands, { ...window, groups })
  return new Tensor(bias ? addVector(product, nodeOf(bias, 'conv2d')) : product)
}

/** Options of {@link maxPool2d} and {@link avgPool2d}. */
export interface PoolOptions {
  /** Size of the windows. */
  readonly kernel: Pair
  /** Default: the kernel. */
  readonly stride?: Pair
  /** Padding, which does not take part in a maximum. Default 0. */
  readonly padding?: Padding
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: Pair
  /** Round output sizes up: the last window may extend past the padding. Default false. */
  readonly ceil?: boolean
}

const poolOptionNames = ['kernel', 'stride', 'padding', 'dilation', 'ceil']

/** Maximum of each window of [N, H, W, C], without the padding. @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID */
export function maxPool2d<S extends Shape>(
  x: Images<S>,
  options: PoolOptions,
): FloatTensor<ImagesOf<S, ChannelsOf<S>>> {
  return pool(x, 'max', checkOptions(options, poolOptionNames, 'maxPool2d'), false, 'maxPool2d')
}

/**
 * Mean of each window of [N, H, W, C].
 * @param options.countPadding whether the divisor includes the padding. Default true, as in PyTorch
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function avgPool2d<S extends Shape>(
  x: Images<S>,
  options: PoolOptions & { readonly countPadding?: boolean },
): FloatTensor<ImagesOf<S, ChannelsOf<S>>> {
  const given = checkOptions(options, [...poolOptionNames, 'countPadding'], 'avgPool2d')
  checkFlags(given, ['countPadding'], 'avgPool2d')
  return pool(x, 'average', given, given.countPadding ?? true, 'avgPool2d')
}

function pool<S extends Shape>(
  x: FloatTensor,
  kind: 'max' | 'average',
  options: PoolOptions,
  countPadding: boolean,
  what: string,
): FloatTensor<S> {
  requireFloat(x, what)
  checkFlags(options, ['ceil'], what)
  const [, height, width] = requireRank(x, 4, '[N, H, W, C]', what)
  const kernel = pair(options.kernel, 1, `${what}: kernel`)
  const stride = pair(options.stride ?? options.kernel, 1, `${what}: stride`)
  const dilation = pair(options.dilation ?? 1, 1, `${what}: dilation`)
  const { window, ceilExtra } = geometry(
    [height, width],
    kernel,
    stride,
    dilation,
    options.padding ?? 0,
    options.ceil ?? false,
    what,
  )
  const parameters = { ...window, kind, kernel, countPadding, ceilExtra }
  return makeTensor(new GraphNode('pool', [nodeOf(x, what)], parameters))
}

function pair(value: Pair, min: number, what: string): [number, number] {
  const expected = `a whole number of at least ${min}, or [height, width]`
  const given =
    typeof value === 'number'
      ? [value, value]
      : readList(value, isInteger, { what, expected, code: 'OPTION_INVALID' })
  const [height, width] = given
  if (height === undefined || width === undefined || given.length !== 2) optionInvalid(what, value, expected)
  requireWhole(height, min, what)
  requireWhole(width, min, what)
  return [height, width]
}

type HeightWidth = readonly [number, number]

/** Positions of the windows, and by how many elements the last one extends past the padded input. */
function geometry(
  input: HeightWidth,
  kernel: HeightWidth,
  stride: HeightWidth,
  dilation: HeightWidth,
  padding: Padding,
  ceil: boolean,
  what: string,
): { window: Window; ceilExtra: HeightWidth } {
  const each = (value: (axis: 0 | 1) => number): HeightWidth => [value(0), value(1)]
  if (Math.min(...input, ...kernel) < 1)
    throw invalid(
      'SHAPE_MISMATCH',
      what,
      'a window and an input of at least 1x1',
      `${formatShape(kernel)} over ${formatShape(input)}`,
    )
  const extent = each((axis) => dilation[axis] * (kernel[axis] - 1) + 1)
  if (padding === 'same') {
    const outputSize = each((axis) => Math.ceil(input[axis] / stride[axis]))
    const before = each((axis) => {
      const zeros = Math.max(0, (outputSize[axis] - 1) * stride[axis] + extent[axis] - input[axis])
      return Math.floor(zeros / 2)
    })
    return { window: { stride, padding: before, dilation, outputSize }, ceilExtra: [0, 0] }
  }
  const sides = isSides(padding) ? padding : { before: padding, after: padding }
  const before = pair(sides.before, 0, `${what}: padding`)
  const after = pair(sides.after, 0, `${what}: padding`)
  const padded = each((axis) => before[axis] + input[axis] + after[axis])
  const outputSize = each((axis) => {
    const span = padded[axis] - extent[axis]
    const steps = ceil ? Math.ceil(span / stride[axis]) : Math.floor(span / stride[axis])
    // As in PyTorch, rounding up adds no window that starts in the padding after the input.
    const startsInPadding = ceil && steps * stride[axis] >= input[axis] + before[axis]
    return startsInPadding ? steps : steps + 1
  })
  if (Math.min(...outputSize) < 1)
    throw invalid(
      'SHAPE_MISMATCH',
      what,
      `an input of at least one window of ${formatShape(kernel)}`,
      formatShape(input),
    )
  const ceilExtra = each((axis) =>
    Math.max(0, (outputSize[axis] - 1) * stride[axis] + extent[axis] - padded[axis]),
  )
  return { window: { stride, padding: before, dilation, outputSize }, ceilExtra }
}

function isSides(padding: Exclude<Padding, 'same'>): padding is Extract<Padding, { before: Pair }> {
  return typeof padding === 'object' && 'before' in padding && 'after' in padding
}
