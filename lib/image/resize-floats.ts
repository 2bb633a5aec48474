import * as ops from '../ops/index.js'
import type { RunOptions } from '../runtime/run-options.js'
import { Tensor } from '../tensor/tensor.js'
import type { Pixels } from './pixels.js'
import type { Size } from './spec.js'
import { nextTurn } from './work.js'

/** Bytes that are copied to native memory at once, on the event loop: about a millisecond. */
const stripBytes = 2 ** 21

/** The filters of torchvision's resize of float tensors. */
export type FloatFilter = 'bilinear' | 'bicubic'

/**
 * What torchvision's antialiased resize gives for a tensor of floats: unlike Pillow's, nothing is rounded to bytes. Gray is
 * repeated, alpha dropped.
 * @param size height and width of the result
 * @param scale factor of the 8-bit values
 * @returns float32 [height, width, 3], computed
 * @throws LIMIT_EXCEEDED, OUT_OF_MEMORY, ABORTED
 */
export async function resizeFloats(
  { data, height, width, channels }: Pixels,
  size: Size,
  scale: number,
  filter: FloatFilter,
  run: RunOptions = {},
): Promise<ops.FloatTensor> {
  const options = { mode: filter, antialias: true } as const
  const stride = width * channels
  const rowsAtOnce = Math.max(1, Math.floor(stripBytes / stride))
  const strips: ops.FloatTensor[] = []
  for (let row = 0; row < height; row += rowsAtOnce) {
    await nextTurn(run.signal)
    const count = Math.min(rowsAtOnce, height - row)
    const bytes = Tensor.from(data.subarray(row * stride, (row + count) * stride), [count, width, channels])
    const values: ops.FloatTensor = ops.mul(ops.cast(colorsOf(bytes), 'float32'), scale)
    const strip: ops.FloatTensor = ops.resize(values, 1, size[1], options)
    await strip.data(run)
    strips.push(strip)
  }
  const result: ops.FloatTensor = ops.resize(ops.concat(strips, 0), 0, size[0], options)
  await result.data(run)
  return result
}

/** [H, W, 3]: gray repeated, alpha dropped. */
export function colorsOf(pixels: Tensor<'uint8'>): Tensor<'uint8'> {
  if (pixels.shape[2]! >= 3) return ops.slice(pixels, { axis: 2, start: 0, end: 3 })
  const gray = ops.slice(pixels, { axis: 2, start: 0, end: 1 })
  return ops.concat([gray, gray, gray], 2)
}
