import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { checkLimit } from '../limits.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'

/** How feature maps become one vector; `average-and-max` has both, one after the other. */
export type GlobalPooling = 'average' | 'max' | 'average-max' | 'average-and-max'

/** Pools feature maps float32 [B, H, W, C] to [B, C]; `average-and-max` to [B, 2 C]. */
export function globalPool(x: ops.FloatTensor, pooling: GlobalPooling): ops.FloatTensor {
  if (pooling === 'average') return ops.mean(x, [1, 2])
  if (pooling === 'max') return ops.max(x, [1, 2])
  const [mean, max] = [ops.mean(x, [1, 2]), ops.max(x, [1, 2])]
  return pooling === 'average-max' ? ops.mul(ops.add(mean, max), 0.5) : ops.concat([mean, max], 1)
}

/**
 * Means of 2x2 pixels of feature maps, for shortcuts (He et al. 2018). Those at the border are of the pixels that are
 * there, except with stride 1.
 */
export function shrinkAverage(x: ops.FloatTensor, stride: number): ops.FloatTensor {
  return stride === 1
    ? ops.avgPool2d(x, { kernel: 2, stride, padding: 'same' })
    : ops.avgPool2d(x, { kernel: 2, stride, ceil: true, countPadding: false })
}

/** The row [1/4, 1/2, 1/4], whose product with itself is the filter of a blur. */
const blurRow = [0.25, 0.5, 0.25]

/**
 * Blurs feature maps float32 [B, H, W, C] with a 3x3 binomial filter, their border reflected, and takes every `stride`-th
 * position (Zhang 2019).
 * @throws SHAPE_MISMATCH for maps with a side of 1, which have nothing to reflect
 */
export function blurPool(x: ops.FloatTensor, stride: number): ops.FloatTensor {
  const channels = x.shape[3]!
  if (x.shape[1] === 1 || x.shape[2] === 1)
    throw invalid('SHAPE_MISMATCH', 'blurPool', 'feature maps of at least 2x2', formatShape(x.shape))
  const row = blurRow.flatMap((down) => blurRow.map((right) => down * right))
  const filters = new Float32Array(Array.from({ length: channels }, () => row).flat())
  const weight: ops.FloatTensor = constantFrom(filters, [channels, 1, 3, 3], 'float32')
  return ops.conv2d(reflected(reflected(x, 1), 2), weight, undefined, { stride, groups: channels })
}

/** An axis with the second position also before the first, and the last but one also after the last. */
function reflected(x: ops.FloatTensor, axis: number): ops.FloatTensor {
  const length = x.shape[axis]!
  const before: ops.FloatTensor = ops.slice(x, { axis, start: 1, end: 2 })
  const after: ops.FloatTensor = ops.slice(x, { axis, start: length - 2, end: length - 1 })
  return ops.concat([before, x, after], axis)
}

/**
 * Adaptive average pooling as in PyTorch: the window of output i of n covers the positions from floor(i L / n) to
 * ceil((i + 1) L / n) of an axis of length L, so windows may overlap, and repeat positions where L is below n.
 * @param size height and width of the result
 * @returns float32 [B, ...size, C] of x float32 [B, H, W, C]
 * @throws LIMIT_EXCEEDED
 */
export function adaptiveAveragePool(x: ops.FloatTensor, size: readonly [number, number]): ops.FloatTensor {
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number]
  const [rows, columns] = [windowMeans(height, size[0]), windowMeans(width, size[1])]
  const narrowed: ops.FloatTensor = ops.matmul(columns, x)
  const lines = ops.reshape(narrowed, [batch, height, size[1] * channels])
  return ops.reshape(ops.matmul(rows, lines) as ops.FloatTensor, [batch, ...size, channels])
}

/** The matrix [count, length] that takes the means of windows. */
function windowMeans(length: number, count: number): ops.FloatTensor {
  checkLimit('tableElements', length * count, 'adaptiveAveragePool: elements of its matrix')
  const matrix = new Float32Array(count * length)
  for (let window = 0; window < count; window++) {
    const start = Math.floor((window * length) / count)
    const end = Math.ceil(((window + 1) * length) / count)
    matrix.fill(1 / (end - start), window * length + start, window * length + end)
  }
  return constantFrom(matrix, [count, length], 'float32')
}
