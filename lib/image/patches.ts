import { invalid } from '../errors.js'
import type { Pixels } from './pixels.js'
import type { Size } from './spec.js'

/** An image as patches. */
export interface Patches {
  /** [count, size * size, 3]: gray repeated, alpha dropped; 0 where the image has no patch. */
  readonly data: Uint8Array
  /** Height and width in patches. */
  readonly shape: Size
}

/**
 * Cuts an image into squares, row by row. Rows and columns that fill no patch are left out.
 * @param what the image, for the error
 * @throws SHAPE_MISMATCH for an image with more patches than `count`, or none
 */
export function patchesOf(pixels: Pixels, size: number, count: number, what: string): Patches {
  const { data: from, width, height, channels } = pixels
  const shape = [Math.floor(height / size), Math.floor(width / size)] as const
  const given = shape[0] * shape[1]
  if (given === 0 || given > count)
    throw invalid(
      'SHAPE_MISMATCH',
      `${what}: patches of ${size}x${size}`,
      `1 to ${count} (does the processor resize?)`,
      `${given}, of ${width}x${height} pixels`,
    )
  const data = new Uint8Array(count * size * size * 3)
  let to = 0
  for (let patch = 0; patch < given; patch++) {
    const top = Math.floor(patch / shape[1]) * size
    const left = (patch % shape[1]) * size
    for (let y = top; y < top + size; y++)
      for (let x = left; x < left + size; x++)
        for (let color = 0; color < 3; color++)
          data[to++] = from[(y * width + x) * channels + (channels >= 3 ? color : 0)]!
  }
  return { data, shape }
}
