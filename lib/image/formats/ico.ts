import type { Encoded, Pixels } from '../pixels.js'
import { decodeBmp } from './bmp.js'
import { formatOf } from './magic.js'
import { decodeWithSharp } from './sharp.js'

/** Decodes the picture of an icon that Pillow takes: the largest, and of those of one size the one with the fewest colors. */
export async function decodeIco(file: Encoded): Promise<Pixels> {
  const { bytes } = file
  const count = bytes.length < 6 ? 0 : bytes.readUInt16LE(4)
  if (count === 0 || 6 + count * 16 > bytes.length) file.fail('an icon without pictures')
  const entries = Array.from({ length: count }, (_, index) => {
    const at = 6 + index * 16
    const colors = bytes[at + 2]!
    return {
      area: (bytes[at]! || 256) * (bytes[at + 1]! || 256),
      depth: bytes.readUInt16LE(at + 6) || (colors && Math.ceil(Math.log2(colors))) || 256,
      at: bytes.readUInt32LE(at + 12),
    }
  })
  const [best] = entries.sort((a, b) => b.area - a.area || a.depth - b.depth)
  const { at } = best!
  const picture = bytes.subarray(at)
  return formatOf(picture) === 'png' ? decodeWithSharp({ ...file, bytes: picture }) : decodeBmp(file, { at })
}
