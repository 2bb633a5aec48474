import { checkLimit } from '../../limits.js'
import type { Encoded, Pixels } from '../pixels.js'
import { decodeWithSharp } from './sharp.js'

const startOfScan = 0xda

/** Decodes a JPEG. Its segments are counted before: sharp keeps each of those that hold metadata. */
export function decodeJpeg(file: Encoded): Promise<Pixels> {
  const { bytes } = file
  let count = 0
  for (let at = 2; at + 4 <= bytes.length && bytes[at + 1] !== startOfScan; ) {
    checkLimit('imageParts', ++count, `${file.name}: segments`)
    // The decoder steps over bytes between segments.
    const isSegment = bytes[at] === 0xff && bytes[at + 1] !== 0xff && bytes[at + 1] !== 0
    at += isSegment ? 2 + bytes.readUInt16BE(at + 2) : 1
  }
  return decodeWithSharp(file)
}
