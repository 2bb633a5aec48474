import { checkLimit } from '../../limits.js'
import type { Encoded, Pixels } from '../pixels.js'
import { decodeWithSharp } from './sharp.js'

const headerBytes = 12
const chunkHeaderBytes = 8

/**
 * Decodes a WebP, or the first frame of an animation. sharp looks at all frames to count them, in more than linear time, and
 * copies a color profile that is not used; so it is given a file without them.
 */
export function decodeWebp(file: Encoded): Promise<Pixels> {
  const { bytes } = file
  const kept: Buffer[] = []
  let dropped = false
  let frames = 0
  let count = 0
  for (let at = headerBytes; at + chunkHeaderBytes <= bytes.length; ) {
    checkLimit('imageParts', ++count, `${file.name}: chunks`)
    const type = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const end = at + chunkHeaderBytes + size + (size % 2)
    if (type === 'ICCP' || (type === 'ANMF' && ++frames > 1)) dropped = true
    else kept.push(bytes.subarray(at, end))
    at = end
  }
  if (!dropped) return decodeWithSharp(file)
  const copy = Buffer.concat([bytes.subarray(0, headerBytes), ...kept])
  copy.writeUInt32LE(copy.length - chunkHeaderBytes, 4)
  return decodeWithSharp(file, { bytes: copy })
}
