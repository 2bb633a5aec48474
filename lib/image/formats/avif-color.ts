import type { Pixels } from '../pixels.js'
import { inSlices } from '../work.js'

/** Coefficients with 6 fraction bits; those of luma have 16. */
interface Matrix {
  readonly luma: number
  readonly offset: number
  readonly blueFromCb: number
  readonly greenFromCb: number
  readonly greenFromCr: number
  readonly redFromCr: number
}

/** How the planes of an AVIF image become colors. */
export interface Planes {
  readonly matrix: Matrix
  readonly fullRange: boolean
  readonly gray: boolean
  /** Bits of a sample: 8, 10 or 12. */
  readonly depth: number
  /** One color sample for two columns, or for two rows. */
  readonly halfWidth: boolean
  readonly halfHeight: boolean
}

/** Samples of `depth` bits, 3 channels together. */
export interface Stored extends Omit<Pixels, 'data'> {
  readonly data: Uint8Array | Uint16Array
}

const full = { luma: 16320, offset: 32 }
const video = { luma: 18997, offset: -1160 }
const bt601 = {
  full: { ...full, blueFromCb: 113, greenFromCb: 22, greenFromCr: 46, redFromCr: 90 },
  video: { ...video, blueFromCb: 128, greenFromCb: 25, greenFromCr: 52, redFromCr: 102 },
}
const bt709 = {
  full: { ...full, blueFromCb: 119, greenFromCb: 12, greenFromCr: 30, redFromCr: 101 },
  video: { ...video, blueFromCb: 128, greenFromCb: 14, greenFromCr: 34, redFromCr: 115 },
}
const bt2020 = {
  full: { ...full, blueFromCb: 120, greenFromCb: 11, greenFromCr: 37, redFromCr: 94 },
  video: { luma: 19003, offset: -1160, blueFromCb: 128, greenFromCb: 12, greenFromCr: 42, redFromCr: 107 },
}
/** By matrix_coefficients of ISO/IEC 23091-2. */
const matrices: Readonly<Record<number, typeof bt601>> = { 1: bt709, 2: bt601, 5: bt601, 6: bt601, 9: bt2020 }

export function colorMatrix(coefficients: number, fullRange: boolean): Matrix | undefined {
  return matrices[coefficients]?.[fullRange ? 'full' : 'video']
}

/**
 * Converts planes to RGB with the integer arithmetic of libyuv, bit for bit.
 * @param stored Cr, luma and Cb in place of red, green and blue; samples repeated where there are fewer than pixels
 */
export async function planesToRgb(
  { data, width, height }: Stored,
  planes: Planes,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const { depth, matrix } = planes
  const { blueFromCb, greenFromCb, greenFromCr, redFromCr } = matrix
  const rgb = new Uint8ClampedArray(width * height * 3)
  const cb = new Uint16Array(width)
  const cr = new Uint16Array(width)
  const lights = Int32Array.from({ length: 2 ** depth }, (_, value) => lightOf(value, planes))
  const extra = depth - 8
  await inSlices(height, signal, (y) => {
    sampleRow(cr, data, 0, y, width, height, planes)
    sampleRow(cb, data, 2, y, width, height, planes)
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const light = lights[data[at + 1]!]!
      const u = (cb[x]! >> extra) - 128
      const v = (cr[x]! >> extra) - 128
      rgb[at] = (light + v * redFromCr) >> 6
      rgb[at + 1] = (light - u * greenFromCb - v * greenFromCr) >> 6
      rgb[at + 2] = (light + u * blueFromCb) >> 6
    }
  })
  return { data: new Uint8Array(rgb.buffer), width, height, channels: 3 }
}

/** Luma with 6 fraction bits. */
function lightOf(value: number, { depth, matrix }: Planes): number {
  const wide = value * 2 ** (16 - depth) + (value >> (2 * depth - 16))
  return Math.floor((wide * matrix.luma) / 65536) + matrix.offset
}

/** One row of color samples, one for each pixel: weights 3 and 1 to the two nearest in each direction. */
function sampleRow(
  row: Uint16Array,
  data: Stored['data'],
  channel: number,
  y: number,
  width: number,
  height: number,
  { halfWidth, halfHeight }: Planes,
): void {
  // The other row that counts: the one before for even rows, the one after for odd ones; none at the edges.
  const other = y % 2 === 0 ? y - 1 : y + 1
  const blended = halfHeight && other >= 0 && other < height
  const near = y * width * 3 + channel
  const far = blended ? other * width * 3 + channel : near
  if (!halfWidth) {
    for (let x = 0; x < width; x++) {
      const value = data[near + x * 3]!
      row[x] = blended ? (3 * value + data[far + x * 3]! + 2) >> 2 : value
    }
    return
  }
  for (let x = 0; x < width; x++) {
    const side = x % 2 === 0 ? x - 1 : x + 1
    // The last column of an odd width has no sample beyond it, and is not blended with the one before.
    const inner = side >= 0 && x < width - 1
    const nearest = data[near + x * 3]!
    const beside = inner ? data[near + side * 3]! : nearest
    if (!blended) row[x] = inner ? (3 * nearest + beside + 2) >> 2 : nearest
    else {
      const below = data[far + x * 3]!
      row[x] = inner
        ? (9 * nearest + 3 * beside + 3 * below + data[far + side * 3]! + 8) >> 4
        : (3 * nearest + below + 2) >> 2
    }
  }
}

/** Gray of 8 bits: computed by libavif itself, or by libyuv for a picture with alpha. */
export async function grayOf(
  { data, width, height, channels }: Stored,
  planes: Planes,
  hasAlpha: boolean,
  signal: AbortSignal | undefined,
): Promise<Pixels> {
  const { depth, fullRange } = planes
  const unit = 2 ** (depth - 8)
  const [black, range] = fullRange ? [0, 2 ** depth - 1] : [16 * unit, 219 * unit]
  const table = Uint8ClampedArray.from({ length: 2 ** depth }, (_, value) =>
    hasAlpha ? lightOf(value, planes) >> 6 : Math.floor(Math.fround((value - black) / range) * 255 + 0.5),
  )
  const scaled = new Uint8Array(data.length)
  const length = width * channels
  await inSlices(height, signal, (y) => {
    for (let at = y * length; at < (y + 1) * length; at++) scaled[at] = table[data[at]!]!
  })
  return { data: scaled, width, height, channels }
}
