import { endianness } from 'node:os'
import type { Metadata, Sharp } from 'sharp'
import { SaccadeError } from '../../errors.js'
import { type Orientation, orientationOf, turned } from '../orientation.js'
import type { Encoded, Pixels } from '../pixels.js'
import { inSlices } from '../work.js'
import { formatOf } from './magic.js'

/** Loaded at the first image, so that programs without images do not wait for the decoder. */
async function open(bytes: Uint8Array): Promise<Sharp> {
  const { default: sharp } = await import('sharp')
  // The limit is checked by admit(), whose error can name it. failOn: what Pillow refuses, too.
  return sharp(bytes, { limitInputPixels: false, failOn: 'error', ignoreIcc: true })
}

/** What sharp is to decode in the place of a file. */
export interface Variant {
  readonly bytes: Buffer
  /** In the place of the EXIF that sharp finds. */
  readonly exif?: Buffer
  /** Colors are multiplied by the alpha, the fourth channel: they are divided by it, as Pillow does. */
  readonly premultiplied?: boolean
}

/** The first image of a file that sharp reads, on its threads: gray or RGB, upright. @throws IMAGE_INVALID */
export async function decodeWithSharp(file: Encoded, variant: Variant = file): Promise<Pixels> {
  return decoding(file, async () => {
    const image = await open(variant.bytes)
    const metadata = await image.metadata()
    await file.admit(metadata.width, metadata.height)
    const exif = variant.exif ?? metadata.exif
    const upright = turned(image, orientationOf({ ...metadata, exif }))
    const { space, channels, depth } = metadata
    const wide = depth === 'ushort'
    if (variant.premultiplied) {
      const stored = upright.toColourspace(wide ? 'rgb16' : 'srgb')
      return dividedByAlpha(await raw(stored, wide ? 'ushort' : 'uchar'), wide ? 2 : 1, file.signal)
    }
    if (space === 'cmyk') {
      const cmyk = upright.pipelineColourspace('cmyk').toColourspace('cmyk')
      return cmykToRgb(await raw(cmyk, wide ? 'ushort' : 'uchar'), wide ? 2 : 1, file.signal)
    }
    // Pillow cuts 16-bit gray off at 255, and takes the upper byte of other 16-bit values.
    if (space === 'grey16' && (channels === 1 || isGrayPng(file.bytes)))
      return raw(upright.removeAlpha().pipelineColourspace('grey16').toColourspace('grey16'))
    return raw(upright.removeAlpha().toColourspace(space === 'b-w' ? 'b-w' : 'srgb'))
  })
}

/** Whether a file is a gray PNG without an alpha channel. A tRNS chunk can still make one gray transparent. */
function isGrayPng(bytes: Buffer): boolean {
  return formatOf(bytes) === 'png' && bytes[25] === 0
}

/** Width, height and metadata of a file for sharp. */
export function headerOf(file: Encoded, bytes: Uint8Array): Promise<Metadata> {
  return decoding(file, async () => (await open(bytes)).metadata())
}

/** Decodes a changed copy of a file, without turning it. */
export function decodePlain(file: Encoded, bytes: Uint8Array): Promise<Pixels> {
  return decoding(file, async () => raw((await open(bytes)).removeAlpha().toColourspace('srgb')))
}

/** The same with samples of 10 or 12 bits. */
export async function decodeWide(file: Encoded, bytes: Uint8Array, depth: number) {
  const image = (await decoding(file, () => open(bytes))).removeAlpha().toColourspace('rgb16')
  const { data, ...size } = await decoding(file, () => raw(image, 'ushort'))
  // sharp fills 16 bits from the top.
  const wide = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
  await inSlices(size.height, file.signal, (y) => {
    const length = size.width * size.channels
    for (let at = y * length; at < (y + 1) * length; at++) wide[at]! >>= 16 - depth
  })
  return { ...size, data: wide }
}

/** Pixels turned upright, on the threads of sharp. */
export async function turnPixels(pixels: Pixels, orientation: Orientation): Promise<Pixels> {
  if (orientation === 1) return pixels
  return raw(turned(await fromPixels(pixels), orientation))
}

/** Gray as RGB, on the threads of sharp; RGB as it is. */
export async function asRgb(pixels: Pixels): Promise<Pixels> {
  if (pixels.channels === 3) return pixels
  return raw((await fromPixels(pixels)).removeAlpha().toColourspace('srgb'))
}

async function fromPixels({ data, width, height, channels }: Pixels): Promise<Sharp> {
  const { default: sharp } = await import('sharp')
  const count = channels as 1 | 2 | 3 | 4
  return sharp(data, { limitInputPixels: false, raw: { width, height, channels: count } })
}

async function raw(image: Sharp, depth: 'uchar' | 'ushort' = 'uchar'): Promise<Pixels> {
  const { data, info } = await image.raw({ depth }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** Runs a decoder whose errors are all faults of the file. */
async function decoding<T>(file: Encoded, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    // libvips adds further lines, of no use to the caller.
    return file.fail(String(cause instanceof Error ? cause.message : cause).split('\n')[0]!, cause)
  }
}

/**
 * Pillow's RGB of colors that are multiplied by the fourth channel.
 * @param bytes of a value, of which the upper one counts
 */
async function dividedByAlpha(
  { data, width, height, channels }: Pixels,
  bytes: 1 | 2,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const rgb = new Uint8ClampedArray(width * height * 3)
  await inSlices(height, signal, (row) => {
    const end = (row + 1) * width
    for (let pixel = row * width; pixel < end; pixel++) {
      const from = pixel * channels * bytes + upperByte(bytes)
      const alpha = data[from + 3 * bytes]!
      for (let channel = 0; channel < 3 && alpha > 0; channel++)
        rgb[pixel * 3 + channel] = Math.floor((data[from + channel * bytes]! * 255) / alpha)
    }
  })
  return { data: new Uint8Array(rgb.buffer), width, height, channels: 3 }
}

function upperByte(bytes: 1 | 2): number {
  return endianness() === 'LE' ? bytes - 1 : 0
}

/**
 * Pillow's CMYK to RGB, without a colour profile: each of C, M, Y is darkened by K.
 * @param bytes of a value, of which the upper one counts
 */
async function cmykToRgb(
  { data, width, height }: Pixels,
  bytes: 1 | 2,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const rgb = new Uint8Array(width * height * 3)
  await inSlices(height, signal, (row) => {
    const end = (row + 1) * width
    for (let pixel = row * width; pixel < end; pixel++) {
      const from = pixel * 4 * bytes + upperByte(bytes)
      const light = 255 - data[from + 3 * bytes]!
      for (let channel = 0; channel < 3; channel++) {
        const product = data[from + channel * bytes]! * light + 128
        rgb[pixel * 3 + channel] = light - (((product >> 8) + product) >> 8)
      }
    }
  })
  return { data: rgb, width, height, channels: 3 }
}
