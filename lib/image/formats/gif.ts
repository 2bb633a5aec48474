import type { Encoded, Pixels } from '../pixels.js'
import { inSlices } from '../work.js'
import { decodePlain } from './sharp.js'

/** A GIF's first frame, as a file of its own without transparency, and its place on the screen. */
export interface GifFrame {
  readonly file: Buffer
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly screen: { readonly width: number; readonly height: number }
  /** The color around the frame. */
  readonly background: readonly [number, number, number]
}

const imageDescriptor = 0x2c
const extension = 0x21
const graphicControl = 0xf9
const trailer = 0x3b

/**
 * Finds the first frame. Pillow keeps the palette's color of transparent pixels, and of the screen around the frame, where
 * other decoders put black; so the frame is written as a file that fills its screen and has no transparency. The other
 * frames of an animation are not looked at.
 */
export function firstFrame(file: Encoded): GifFrame {
  const { bytes } = file
  const need = (end: number) => {
    if (end > bytes.length) file.fail('truncated')
  }
  need(13)
  const screenFlags = bytes[10]!
  let at = 13
  let palette = grayRamp()
  if (screenFlags & 0x80) at = readPalette(screenFlags)
  let transparent = 0
  for (;;) {
    need(at + 2)
    if (bytes[at] === extension) {
      need(at + 8)
      if (bytes[at + 1] === graphicControl && bytes[at + 3]! & 1) transparent = bytes[at + 6]!
      at = skipBlocks(at + 2)
    } else if (bytes[at] === imageDescriptor) break
    else if (bytes[at] === trailer) file.fail('no picture in it')
    // Pillow steps over other bytes between blocks.
    else at++
  }
  need(at + 10)
  const left = bytes.readUInt16LE(at + 1)
  const top = bytes.readUInt16LE(at + 3)
  const width = bytes.readUInt16LE(at + 5)
  const height = bytes.readUInt16LE(at + 7)
  if (width === 0 || height === 0) file.fail('a frame without pixels')
  const flags = bytes[at + 9]!
  at += 10
  if (flags & 0x80) at = readPalette(flags)
  const end = skipBlocks(at + 1)
  const header = Buffer.alloc(13)
  header.write('GIF89a', 'latin1')
  header.writeUInt16LE(width, 6)
  header.writeUInt16LE(height, 8)
  header[10] = 0x80 | 7
  const descriptor = Buffer.alloc(10)
  descriptor[0] = imageDescriptor
  descriptor.writeUInt16LE(width, 5)
  descriptor.writeUInt16LE(height, 7)
  descriptor[9] = flags & 0x40 // interlaced
  return {
    file: Buffer.concat([header, palette, descriptor, bytes.subarray(at, end), Buffer.of(trailer)]),
    ...{ left, top, width, height },
    screen: {
      width: Math.max(bytes.readUInt16LE(6), left + width),
      height: Math.max(bytes.readUInt16LE(8), top + height),
    },
    background: [palette[transparent * 3]!, palette[transparent * 3 + 1]!, palette[transparent * 3 + 2]!],
  }

  function readPalette(paletteFlags: number): number {
    const size = 3 * 2 ** ((paletteFlags & 7) + 1)
    need(at + size)
    palette = Buffer.alloc(768)
    bytes.copy(palette, 0, at, at + size)
    return at + size
  }

  function skipBlocks(from: number): number {
    let position = from
    for (;;) {
      need(position + 1)
      const size = bytes[position]!
      position += 1 + size
      if (size === 0) return position
    }
  }
}

/** The colors of a file without a palette. */
function grayRamp(): Buffer {
  return Buffer.from(Array.from({ length: 768 }, (_, index) => Math.floor(index / 3)))
}

/** Decodes the first frame, on a screen of the background's color. */
export async function decodeGif(file: Encoded): Promise<Pixels> {
  const frame = firstFrame(file)
  const { screen, left, top } = frame
  await file.admit(screen.width, screen.height)
  const pixels = await decodePlain(file, frame.file)
  if (screen.width === frame.width && screen.height === frame.height) return pixels
  const data = new Uint8Array(screen.width * screen.height * 3)
  const background = Buffer.from(Array.from({ length: screen.width }, () => frame.background).flat())
  await inSlices(screen.height, file.signal, (y) => {
    data.set(background, y * background.length)
    const row = y - top
    if (row < 0 || row >= frame.height) return
    const line = pixels.data.subarray(row * frame.width * 3, (row + 1) * frame.width * 3)
    data.set(line, (y * screen.width + left) * 3)
  })
  return { data, width: screen.width, height: screen.height, channels: 3 }
}
