import type { Encoded, Pixels } from '../pixels.js'
import { inSlices } from '../work.js'
import { readRunLengths } from './bmp-rle.js'

/** An icon: a BMP without its first 14 bytes, and with a mask of the same size below the picture. */
export interface Icon {
  /** Where the header begins. */
  readonly at: number
}

interface Layout {
  readonly bytes: Buffer
  readonly width: number
  readonly height: number
  readonly topDown: boolean
  readonly bits: number
  readonly pixels: number
}

const [uncompressed, rle8, rle4, bitfields] = [0, 1, 2, 3] as const
const headerSizes = [12, 40, 52, 56, 64, 108, 124]

/** Masks of red, green, blue and alpha that Pillow reads, and where the three colors are in a pixel of 4 bytes. */
const masks32: Readonly<Record<string, readonly [number, number, number]>> = {
  'ff0000 ff00 ff 0': [2, 1, 0],
  'ff000000 ff0000 ff00 0': [3, 2, 1],
  'ff000000 ff00 ff 0': [3, 1, 0],
  'ff000000 ff0000 ff00 ff': [3, 2, 1],
  'ff ff00 ff0000 ff000000': [0, 1, 2],
  'ff0000 ff00 ff ff000000': [2, 1, 0],
  'ff000000 ff00 ff ff0000': [3, 1, 0],
  '0 0 0 0': [2, 1, 0],
}

/**
 * Decodes a BMP as Pillow does: 1, 4, 8, 16, 24 or 32 bits, palettes, run lengths, masks, rows from the bottom or the top.
 * Alpha is dropped.
 */
export async function decodeBmp(file: Encoded, icon?: Icon): Promise<Pixels> {
  const { bytes } = file
  const at = icon?.at ?? 14
  const uint = (offset: number, size: 1 | 2 | 4) => {
    if (at + offset + size > bytes.length) file.fail('truncated header')
    return bytes.readUIntLE(at + offset, size)
  }
  const headerSize = uint(0, 4)
  if (!headerSizes.includes(headerSize)) file.fail(`a BMP header of ${headerSize} bytes`)
  uint(headerSize - 1, 1)
  const old = headerSize === 12
  const width = old ? uint(4, 2) : uint(4, 4)
  const topDown = !old && uint(11, 1) === 0xff
  const signedHeight = old ? uint(6, 2) : uint(8, 4)
  const fullHeight = topDown ? 2 ** 32 - signedHeight : signedHeight
  const height = icon ? Math.floor(fullHeight / 2) : fullHeight
  const bits = old ? uint(10, 2) : uint(14, 2)
  const compression = old ? uncompressed : uint(16, 4)
  if (width === 0 || height === 0) file.fail('no pixels')
  if (![1, 4, 8, 16, 24, 32].includes(bits)) file.fail(`a BMP of ${bits} bits a pixel`)
  await file.admit(width, height)

  let end = at + headerSize
  let masks: number[] = []
  if (compression === bitfields) {
    // The masks are in the larger headers, and after the smallest one, which has none for alpha.
    const count = headerSize >= 56 ? 4 : 3
    masks = Array.from({ length: count }, (_, index) => uint(40 + index * 4, 4))
    if (headerSize === 40) end += 12
  }
  const entrySize = old ? 3 : 4
  const colors = (old ? 0 : uint(32, 4)) || 2 ** bits
  let palette: Buffer | undefined
  if (bits <= 8) {
    if (colors > 65536) file.fail(`a BMP palette of ${colors} colors`)
    palette = bytes.subarray(end, end + entrySize * colors)
    end += entrySize * colors
  }
  const stated = icon ? 0 : bytes.readUInt32LE(10)
  // Some writers name the offset of the palette instead of that of the pixels.
  const pixels = stated === 0 || (palette && stated === at + headerSize) ? end : stated
  const layout = { bytes, width, height, topDown, bits, pixels }

  const table = palette && paletteTable(palette, entrySize)
  if (compression === rle8 || compression === rle4) {
    if (!table) file.fail(`run lengths with ${bits} bits a pixel`)
    const indices = await readRunLengths(file, layout, compression === rle4)
    return paint(layout, file, (row) => {
      const start = row * width
      return (x) => table[indices[start + x]!]!
    })
  }
  if (compression !== uncompressed && compression !== bitfields) file.fail(`BMP compression ${compression}`)
  const color = table ? indexed(layout, table) : direct(layout, masks, file)
  const stride = Math.floor((width * bits + 31) / 32) * 4
  if (layout.pixels + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length)
    file.fail('truncated')
  return paint(layout, file, (row) => color(layout.pixels + row * stride))
}

/** The color at a column of a row of the file, as 0xRRGGBB. */
type Row = (x: number) => number

/** Fills the picture from the rows of the file, whose first is at the bottom unless it is top-down. */
async function paint(
  { width, height, topDown }: Layout,
  file: Encoded,
  rowOf: (row: number) => Row,
): Promise<Pixels> {
  const data = new Uint8Array(width * height * 3)
  await inSlices(height, file.signal, (y) => {
    const row = rowOf(topDown ? y : height - 1 - y)
    let to = y * width * 3
    for (let x = 0; x < width; x++) {
      const color = row(x)
      data[to++] = color >> 16
      data[to++] = color >> 8
      data[to++] = color
    }
  })
  return { data, width, height, channels: 3 }
}

/** 256 colors; indices beyond the palette are black. */
function paletteTable(palette: Buffer, entrySize: number): number[] {
  const table = new Array<number>(256).fill(0)
  const entries = Math.min(256, Math.floor(palette.length / entrySize))
  for (let index = 0; index < entries; index++) table[index] = palette.readUIntLE(index * entrySize, 3)
  return table
}

function indexed({ bytes, bits }: Layout, table: readonly number[]): (at: number) => Row {
  if (bits === 8) return (at) => (x) => table[bytes[at + x]!]!
  if (bits === 4) return (at) => (x) => table[(bytes[at + (x >> 1)]! >> (x & 1 ? 0 : 4)) & 15]!
  return (at) => (x) => table[(bytes[at + (x >> 3)]! >> (7 - (x & 7))) & 1]!
}

function direct({ bytes, bits }: Layout, masks: readonly number[], file: Encoded): (at: number) => Row {
  if (bits === 16) return sixteen(bytes, masks, file)
  if (bits === 24) {
    if (masks.length > 0 && hex(masks.slice(0, 3)) !== 'ff0000 ff00 ff') file.fail(`BMP masks ${hex(masks)}`)
    return (at) => (x) => bytes.readUIntLE(at + x * 3, 3)
  }
  const key = hex(masks.length === 3 ? [...masks, 0] : masks)
  const places = masks.length > 0 ? masks32[key] : ([2, 1, 0] as const)
  if (!places) return file.fail(`BMP masks ${key}`)
  const [red, green, blue] = places
  return (at) => (x) => {
    const pixel = at + x * 4
    return (bytes[pixel + red]! << 16) | (bytes[pixel + green]! << 8) | bytes[pixel + blue]!
  }
}

function sixteen(bytes: Buffer, masks: readonly number[], file: Encoded): (at: number) => Row {
  const key = hex(masks.slice(0, 3))
  if (key !== '' && key !== 'f800 7e0 1f' && key !== '7c00 3e0 1f') file.fail(`BMP masks ${key}`)
  const greenBits = key === 'f800 7e0 1f' ? 6 : 5
  const table = (levels: number) =>
    Array.from({ length: levels }, (_, level) => Math.floor((level * 255) / (levels - 1)))
  const [fives, greens] = [table(32), table(2 ** greenBits)]
  return (at) => (x) => {
    const pixel = bytes.readUInt16LE(at + x * 2)
    const red = fives[(pixel >> (5 + greenBits)) & 31]!
    const green = greens[(pixel >> 5) & (2 ** greenBits - 1)]!
    return (red << 16) | (green << 8) | fives[pixel & 31]!
  }
}

function hex(masks: readonly number[]): string {
  return masks.map((mask) => mask.toString(16)).join(' ')
}
