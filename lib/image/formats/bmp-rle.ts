import type { Encoded } from '../pixels.js'
import { inSlices } from '../work.js'

const commandsAtOnce = 4096

/**
 * Palette indices of a BMP's run lengths, rows from the bottom, as Pillow reads them. Pixels that are jumped over are 0.
 * @param place size of the picture, and where its runs begin
 * @param nibbles two indices a byte (RLE4), instead of one (RLE8)
 */
export async function readRunLengths(
  file: Encoded,
  place: { readonly width: number; readonly height: number; readonly pixels: number },
  nibbles: boolean,
): Promise<Uint8Array> {
  const { bytes } = file
  const { width } = place
  const count = width * place.height
  const indices = new Uint8Array(count)
  let at = place.pixels
  let filled = 0
  let x = 0
  const put = (value: number) => {
    if (filled < count) indices[filled] = value
    filled++
  }

  /** Reads one command. @returns whether there are more */
  const next = (): boolean => {
    if (filled >= count || at + 1 >= bytes.length) return false
    const run = bytes[at]!
    const value = bytes[at + 1]!
    at += 2
    if (run > 0) {
      const length = Math.min(run, Math.max(0, width - x))
      for (let index = 0; index < length; index++)
        put(!nibbles ? value : index % 2 === 0 ? value >> 4 : value & 15)
      x += length
    } else if (value === 0) {
      filled = Math.ceil(filled / width) * width
      x = 0
    } else if (value === 1) return false
    else if (value === 2) {
      if (at + 2 > bytes.length) return false
      filled += bytes[at]! + bytes[at + 1]! * width
      x = filled % width
      at += 2
    } else {
      const end = at + (nibbles ? value >> 1 : value)
      for (; at < Math.min(end, bytes.length); at++) {
        put(nibbles ? bytes[at]! >> 4 : bytes[at]!)
        if (nibbles) put(bytes[at]! & 15)
      }
      if (at < end) return false
      x += value
      if (at % 2 !== 0) at++
    }
    return true
  }

  await inSlices(Number.POSITIVE_INFINITY, file.signal, () => {
    for (let command = 0; command < commandsAtOnce; command++) if (!next()) return false
    return true
  })
  if (filled < count) file.fail('truncated')
  return indices
}
