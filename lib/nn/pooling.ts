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
