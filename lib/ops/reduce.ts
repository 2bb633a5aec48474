import { SaccadeError } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { formatShape, normalizeAxes, normalizeAxis, type Shape, sizeOf } from '../graph/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, makeTensor, requireFloat } from './check.js'
import { permute, reshape } from './shape.js'

export interface ReduceOptions {
  /** Keep reduced axes, with size 1. */
  readonly keepDims?: boolean
}

type Axes = number | readonly number[]

function reduce<D extends DType>(kind: string, name: string, dtype: D, empty: boolean) {
  return (x: FloatTensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor<D> => {
    requireFloat(x, name)
    const reduced = normalizeAxes(axes, x.rank, name)
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis))
    const outer = kept.map((axis) => x.shape[axis]!)
    if (!empty && sizeOf(reduced.map((axis) => x.shape[axis]!)) === 0)
      throw new SaccadeError('SHAPE_MISMATCH', `${name}: no elements to reduce in ${formatShape(x.shape)}`)
    const ordered = permute(x as FloatTensor<Shape>, [...kept, ...reduced])
    const result = makeTensor<D, Shape>('reduce', dtype, outer, [ordered], { kind, axes: reduced.length })
    return keepDims
      ? reshape(
          result,
          x.shape.map((dim, axis) => (reduced.includes(axis) ? 1 : dim)),
        )
      : result
  }
}

/** Sum over one axis, several, or (without axes) all; of nothing it is 0. */
export const sum = reduce('sum', 'sum', 'float32', true)
/** Mean over one axis, several, or all. */
export const mean = reduce('mean', 'mean', 'float32', false)
/** Largest element over one axis, several, or all; NaN if one is NaN. */
export const max = reduce('max', 'max', 'float32', false)
/** Smallest element over one axis, several, or all; NaN if one is NaN. */
export const min = reduce('min', 'min', 'float32', false)

const argmaxOver = reduce('argmax', 'argmax', 'int32', false)
const argminOver = reduce('argmin', 'argmin', 'int32', false)

/** Place of the largest element on an axis (the first of equals), int32. */
export function argmax(x: FloatTensor, axis = -1, options?: ReduceOptions): Tensor<'int32'> {
  return argmaxOver(x, axis, options)
}

/** Place of the smallest element on an axis (the first of equals), int32. */
export function argmin(x: FloatTensor, axis = -1, options?: ReduceOptions): Tensor<'int32'> {
  return argminOver(x, axis, options)
}

/** exp(x - max) over its sum, along an axis. A row of -Infinity gives NaN. */
export function softmax<S extends Shape>(x: FloatTensor<S>, axis = -1): FloatTensor<S> {
  return softmaxAlong(x, axis, false, 'softmax')
}

/** Logarithm of the softmax, without its loss of precision. */
export function logSoftmax<S extends Shape>(x: FloatTensor<S>, axis = -1): FloatTensor<S> {
  return softmaxAlong(x, axis, true, 'logSoftmax')
}

function softmaxAlong<S extends Shape>(x: FloatTensor<S>, axis: number, logarithm: boolean, name: string) {
  requireFloat(x, name)
  const place = normalizeAxis(axis, x.rank, name)
  const order = x.shape.map((_, index) => index)
  order.splice(place, 1)
  order.push(place)
  const last = permute(x as FloatTensor<Shape>, order)
  const result: FloatTensor = makeTensor('softmax', 'float32', last.shape, [last], { logarithm })
  return permute(
    result,
    order.map((_, index) => order.indexOf(index)),
  ) as FloatTensor<S>
}
