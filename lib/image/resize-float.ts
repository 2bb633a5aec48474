import * as ops from '../ops/index.js'
import type { RunOptions } from '../runtime/run-options.js'
import { Tensor } from '../tensor/tensor.js'
import type { FloatPixels, Pixels } from './pixels.js'
import type { Size } from './spec.js'
import { nextTurn } from './work.js'

/** Elements that are converted to float32 and resized at once. */
const stripElements = 2 ** 21

/** The filters that torch has for tensors. */
export const floatFilters = ['nearest', 'bilinear', 'bicubic'] as const
export type FloatFilter = (typeof floatFilters)[number]

export function isFloatFilter(filter: string): filter is FloatFilter {
  return floatFilters.some((known) => known === filter)
}

/**
 * Resizes a picture as torchvision does a float32 tensor: antialiased, and not rounded in between. A strip of rows at a
 * time horizontally, then all of it vertically.
 * @param size height and width of the result
 * @throws LIMIT_EXCEEDED, OUT_OF_MEMORY, ABORTED
 */
export async function resizeFloat(
  { data, width, height, channels }: Pixels,
  size: Size,
  filter: FloatFilter,
  run: RunOptions = {},
): Promise<FloatPixels> {
  const options = { mode: filter, antialias: filter !== 'nearest' }
  const rowsAtOnce = Math.max(1, Math.floor(stripElements / (width * channels)))
  const wide = new Float32Array(height * size[1] * channels)
  for (let row = 0; row < height; row += rowsAtOnce) {
    await nextTurn(run.signal)
    const rows = Math.min(rowsAtOnce, height - row)
    const from = row * width * channels
    using strip = Tensor.from(data.subarray(from, from + rows * width * channels), [rows, width, channels])
    using resized = ops.resize(ops.cast(strip, 'float32'), 1, size[1], options)
    wide.set(await resized.data(run), row * size[1] * channels)
  }
  using columns = Tensor.from(wide, [height, size[1], channels])
  using resized = ops.resize(columns, 0, size[0], options)
  return { data: await resized.data(run), width: size[1], height: size[0], channels }
}
