import { invalid } from '../errors.js'
import { checkLimit } from '../limits.js'
import {
  type AxisPart,
  maxResampledSize,
  type ResampleFilter,
  resampleInputs,
  resamplePart,
} from '../ops/resample.js'
import type { RunOptions } from '../runtime/run-options.js'
import { Tensor } from '../tensor/tensor.js'
import type { Pixels } from './pixels.js'
import type { Size } from './spec.js'
import { nextTurn } from './work.js'

/** Bytes that are copied to native memory at once, on the event loop: about a millisecond. */
const stripBytes = 2 ** 21

/** The part of a resized picture to compute. */
export interface Window {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

/**
 * A part of what Pillow's Image.resize gives, with the same bits; the rest is not computed. Runs on native threads: a strip
 * of rows at a time horizontally, then vertically, as Pillow does; a very tall picture that is made lower in the other order.
 * @param size height and width of the whole picture after the resize
 * @throws LIMIT_EXCEEDED, IMAGE_TOO_LARGE, OUT_OF_MEMORY, ABORTED
 */
export async function resizePixels(
  pixels: Pixels,
  size: Size,
  window: Window,
  filter: ResampleFilter,
  run: RunOptions = {},
): Promise<Pixels> {
  if (Math.max(...size) > maxResampledSize)
    throw invalid(
      'IMAGE_TOO_LARGE',
      `resize of a picture of ${pixels.width}x${pixels.height}`,
      `sides of at most ${maxResampledSize} pixels`,
      `${size[1]}x${size[0]}`,
    )
  checkLimit('imagePixels', window.height * window.width, 'resize: pixels of the result')
  const rows: AxisPart = { length: size[0], start: window.top, count: window.height }
  const columns: AxisPart = { length: size[1], start: window.left, count: window.width }
  if (pixels.height > 100 * pixels.width && size[0] < pixels.height) {
    const low = await resizeRows(pixels, whole(pixels.height), rows, filter, run)
    return resizeColumns(low, whole(low.height), columns, filter, run)
  }
  const needed = resampleInputs(pixels.height, rows, filter)
  checkLimit(
    'resizePixels',
    needed.count * window.width,
    `resize of a picture of ${pixels.width}x${pixels.height} to ${size[1]}x${size[0]}: pixels in between`,
  )
  const wide = await resizeColumns(pixels, needed, columns, filter, run)
  return resizeRows(wide, needed, rows, filter, run)
}

function whole(length: number): AxisPart {
  return { length, start: 0, count: length }
}

/** The rows that are needed, with other columns. */
async function resizeColumns(
  { data, width, channels }: Pixels,
  needed: AxisPart,
  columns: AxisPart,
  filter: ResampleFilter,
  run: RunOptions,
): Promise<Pixels> {
  const stride = width * channels
  const result = new Uint8Array(needed.count * columns.count * channels)
  const rowsAtOnce = Math.max(1, Math.floor(stripBytes / stride))
  for (let row = 0; row < needed.count; row += rowsAtOnce) {
    await nextTurn(run.signal)
    const count = Math.min(rowsAtOnce, needed.count - row)
    const from = (needed.start + row) * stride
    using strip = Tensor.from(data.subarray(from, from + count * stride), [count, width, channels])
    using resized = resamplePart(strip, 1, whole(width), columns, filter)
    result.set(await resized.data(run), row * columns.count * channels)
  }
  return { data: result, width: columns.count, height: needed.count, channels }
}

/**
 * Resizes the rows of a picture that has only a part of them.
 * @param from which rows of the whole picture these are
 * @param rows which rows of the result to compute
 */
async function resizeRows(
  { data, width, channels }: Pixels,
  from: AxisPart,
  rows: AxisPart,
  filter: ResampleFilter,
  run: RunOptions,
): Promise<Pixels> {
  const stride = width * channels
  const result = new Uint8Array(rows.count * stride)
  const strips = Math.ceil((from.count * stride) / stripBytes)
  const rowsAtOnce = Math.ceil(rows.count / strips)
  for (let row = 0; row < rows.count; row += rowsAtOnce) {
    await nextTurn(run.signal)
    const part = { ...rows, start: rows.start + row, count: Math.min(rowsAtOnce, rows.count - row) }
    const inputs = resampleInputs(from.length, part, filter)
    const first = (inputs.start - from.start) * stride
    using strip = Tensor.from(data.subarray(first, first + inputs.count * stride), [
      inputs.count,
      width,
      channels,
    ])
    using resized = resamplePart(strip, 0, inputs, part, filter)
    result.set(await resized.data(run), row * stride)
  }
  return { data: result, width, height: rows.count, channels }
}
