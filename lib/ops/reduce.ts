import { invalid } from '../errors.js'
import type { Reduce } from '../graph/axis-types.js'
import type { DType } from '../graph/dtype.js'
import type { ReduceKind } from '../graph/kinds.js'
import { GraphNode } from '../graph/node.js'
import { formatShape, normalizeAxes, normalizeAxis, type Shape, sizeOf } from '../graph/shape.js'
import { permuteNode, reshapeNode } from '../graph/views.js'
import { checkFlags, checkOptions } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, nodeOf, type OnAxis, type Rows, requireFloat } from './check.js'

/** Options of the reductions. */
export interface ReduceOptions<K extends boolean = boolean> {
  /** Keep the reduced axes with size 1. Default false. */
  readonly keepDims?: K
}

type Axes = number | readonly number[]

/** A reduction over one axis, several, or (without axes) all. */
type Reduction<D extends DType> = <
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const K extends boolean = false,
>(
  x: FloatTensor<S>,
  axes?: A & OnAxis<S, A>,
  options?: ReduceOptions<K>,
) => Tensor<D, Reduce<S, A, K>>

/** A reduction over one axis, by default the last. */
type AxisReduction<D extends DType> = <
  S extends Shape,
  const A extends number = -1,
  const K extends boolean = false,
>(
  x: FloatTensor<S> & Rows<S>,
  axis?: A & OnAxis<S, A>,
  options?: ReduceOptions<K>,
) => Tensor<D, Reduce<S, A, K>>

/** @param allowsEmpty whether the reduction of no elements has a result */
function reduction<D extends DType>(kind: ReduceKind, allowsEmpty: boolean) {
  return (x: FloatTensor, axes: Axes | undefined, options: ReduceOptions = {}): Tensor<D> => {
    requireFloat(x, kind)
    const given = checkOptions(options, ['keepDims'], kind)
    checkFlags(given, ['keepDims'], kind)
    const { keepDims = false } = given
    const reduced = normalizeAxes(axes, x.rank, kind)
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis))
    if (!allowsEmpty && sizeOf(reduced.map((axis) => x.shape[axis]!)) === 0)
      throw invalid('SHAPE_MISMATCH', kind, 'elements to reduce', formatShape(x.shape))
    const ordered = permuteNode(nodeOf(x, kind), [...kept, ...reduced])
    const result = new GraphNode('reduce', [ordered], { kind, axes: reduced.length })
    const shape = x.shape.map((dim, axis) => (reduced.includes(axis) ? 1 : dim))
    return new Tensor(keepDims ? reshapeNode(result, shape) : result)
  }
}

/** Sum over one axis, several, or (without axes) all. The sum of no elements is 0. */
export const sum = reduction<'float32'>('sum', true) as Reduction<'float32'>
/** Mean over one axis, several, or all. */
export const mean = reduction<'float32'>('mean', false) as Reduction<'float32'>
/** Maximum over one axis, several, or all; NaN if an element is NaN. */
export const max = reduction<'float32'>('max', false) as Reduction<'float32'>
/** Minimum over one axis, several, or all; NaN if an element is NaN. */
export const min = reduction<'float32'>('min', false) as Reduction<'float32'>

function axisReduction(kind: ReduceKind): AxisReduction<'int32'> {
  const over = reduction<'int32'>(kind, false)
  return ((x, axis, options) => over(x, axis ?? -1, options)) as AxisReduction<'int32'>
}

/** Index of the maximum along an axis, int32: of the first NaN if there is one, else of the first maximum. */
export const argmax = axisReduction('argmax')
/** Index of the minimum along an axis, int32: of the first NaN if there is one, else of the first minimum. */
export const argmin = axisReduction('argmin')

/** exp(x - max) / sum(exp(x - max)) along an axis, by default the last. A row of -Infinity gives NaN. */
export function softmax<S extends Shape, const A extends number = -1>(
  x: FloatTensor<S> & Rows<S>,
  axis?: A & OnAxis<S, A>,
): FloatTensor<S> {
  return softmaxAlong(x, axis, false, 'softmax')
}

/** Logarithm of the softmax, computed without the loss of precision of log(softmax(x)). */
export function logSoftmax<S extends Shape, const A extends number = -1>(
  x: FloatTensor<S> & Rows<S>,
  axis?: A & OnAxis<S, A>,
): FloatTensor<S> {
  return softmaxAlong(x, axis, true, 'logSoftmax')
}

function softmaxAlong<S extends Shape>(
  x: FloatTensor<S>,
  axis: number | undefined,
  logarithm: boolean,
  name: string,
): FloatTensor<S> {
  requireFloat(x, name)
  const axisIndex = normalizeAxis(axis ?? -1, x.rank, name)
  const order = x.shape.map((_, index) => index).filter((index) => index !== axisIndex)
  order.push(axisIndex)
  const rows = permuteNode(nodeOf(x, name), order)
  const result = new GraphNode('softmax', [rows], { logarithm })
  const inverse = order.map((_, index) => order.indexOf(index))
  return new Tensor(permuteNode(result, inverse))
}
