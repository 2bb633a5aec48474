import { checkLimit } from '../../limits.js'
import { avifOrientation, type Orientation } from '../orientation.js'
import type { Encoded, Pixels } from '../pixels.js'
import { colorMatrix, grayOf, type Planes, planesToRgb } from './avif-color.js'
import { decodePlain, decodeWide, headerOf, turnPixels } from './sharp.js'

interface Box {
  readonly type: string
  /** Of the content. */
  readonly start: number
  readonly end: number
}

const versioned = ['meta', 'iref']
const headerBytes = 8
/** Of the file's first brand, in its first box. */
const brandAt = headerBytes

/**
 * Decodes an AVIF with the colors of libavif, which Pillow has: where there are fewer color samples than pixels, they are
 * interpolated. sharp repeats them; so it decodes a copy of the file that says that its planes are green, blue and red,
 * and they are converted here. Of a sequence, its still picture is taken, which is the first frame.
 */
export async function decodeAvif(file: Encoded): Promise<Pixels> {
  const copy = Buffer.from(file.bytes)
  // sharp refuses sequences by their brand, although the still picture is read from the same boxes.
  if (copy.toString('latin1', brandAt, brandAt + 4) === 'avis') copy.write('avif', brandAt, 'latin1')
  if (path(copy, ['meta', 'iref']).some(({ type }) => type === 'prem'))
    file.fail('an AVIF with colors that are multiplied by the alpha')
  const properties = path(copy, ['meta', 'iprp', 'ipco'])
  const container = takeOrientation(copy, properties)
  const found = takeColors(copy, properties)
  const { width, height, exif, xmp, hasAlpha } = await headerOf(file, copy)
  const orientation = avifOrientation(container, { exif, xmp })
  await file.admit(width, height)
  if (!found) return turnPixels(await decodePlain(file, copy), orientation)
  const planes = asConverted(found, hasAlpha)
  const stored = await (planes.depth === 8 ? decodePlain(file, copy) : decodeWide(file, copy, planes.depth))
  const pixels = planes.gray
    ? await grayOf(stored, planes, hasAlpha, file.signal)
    : await planesToRgb(stored, planes, file.signal)
  return turnPixels(pixels, orientation)
}

/**
 * The planes that libavif converts: where libyuv has no function for their depth, the upper 8 bits of their samples. It has some
 * for colors with alpha; that for 12 bits does not interpolate.
 */
function asConverted(planes: Planes, hasAlpha: boolean): Planes {
  const { gray, depth, halfWidth, halfHeight } = planes
  if (gray) return hasAlpha ? { ...planes, depth: 8 } : planes
  if (depth === 12 && hasAlpha && halfWidth && halfHeight)
    return { ...planes, halfWidth: false, halfHeight: false }
  return hasAlpha && depth === 10 ? planes : { ...planes, depth: 8 }
}

function boxesIn(bytes: Buffer, start: number, end: number): Box[] {
  const boxes: Box[] = []
  for (let at = start; at + headerBytes <= end; ) {
    const size = bytes.readUInt32BE(at)
    const stop = size === 0 ? end : at + size
    // Boxes with 64-bit sizes hold the pixels, never properties.
    if (stop > end || stop < at + headerBytes) break
    checkLimit('imageParts', boxes.length, 'AVIF boxes')
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), start: at + headerBytes, end: stop })
    at = stop
  }
  return boxes
}

/** The boxes in a box that others hold; none if there is no such box. */
function path(bytes: Buffer, types: readonly string[]): Box[] {
  let boxes = boxesIn(bytes, 0, bytes.length)
  for (const type of types) {
    const found = boxes.find((box) => box.type === type)
    // These begin with a version and flags.
    boxes = found ? boxesIn(bytes, found.start + (versioned.includes(type) ? 4 : 0), found.end) : []
  }
  return boxes
}

/**
 * How the planes are to be converted, after the properties were changed so that they are decoded as they are. Undefined if
 * the file does not say it, or is in a form that sharp converts without repeating samples: the properties are then left.
 */
function takeColors(bytes: Buffer, properties: readonly Box[]): Planes | undefined {
  const colors = properties.filter(
    ({ type, start, end }) =>
      type === 'colr' && end - start >= 11 && bytes.toString('latin1', start, start + 4) === 'nclx',
  )
  const codecs = properties.filter(({ type, start, end }) => type === 'av1C' && end - start >= 4)
  const flags = codecs.map(({ start }) => bytes[start + 2]!)
  // Gray planes beside colors are alpha.
  const color = flags.find((flag) => !(flag & 0x10)) ?? flags[0]
  const first = colors[0]
  if (!first || color === undefined) return undefined
  const fullRange = (bytes[first.start + 10]! & 0x80) !== 0
  const matrix = colorMatrix(bytes.readUInt16BE(first.start + 8), fullRange)
  if (!matrix) return undefined
  for (const { start } of colors) {
    bytes.writeUInt16BE(0, start + 8)
    bytes[start + 10] = 0x80
  }
  return {
    matrix,
    fullRange,
    gray: (color & 0x10) !== 0,
    depth: color & 0x20 ? 12 : color & 0x40 ? 10 : 8,
    halfWidth: (color & 0x08) !== 0,
    halfHeight: (color & 0x04) !== 0,
  }
}

/** Orientations by the rotation to the left, in quarters, and by the mirror: none, top to bottom, left to right. */
const orientations: readonly (readonly [Orientation, Orientation, Orientation])[] = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
]

/**
 * The orientation, which is taken out of the properties, and the clean aperture: planes must not be turned or cut before they are
 * converted.
 */
function takeOrientation(bytes: Buffer, properties: readonly Box[]): Orientation {
  const one = (wanted: string) =>
    properties.find(({ type, start, end }) => type === wanted && end - start >= 1)
  const rotation = one('irot')
  const mirror = one('imir')
  const quarters = rotation ? bytes[rotation.start]! & 3 : 0
  const axis = mirror ? 1 + (bytes[mirror.start]! & 1) : 0
  if (rotation) bytes[rotation.start] = 0
  // Pillow does not cut to the clean aperture.
  for (const box of [mirror, one('clap')]) {
    if (!box) continue
    // A rotation by nothing, of the same size.
    bytes.write('irot', box.start - 4, 'latin1')
    bytes[box.start] = 0
  }
  return orientations[quarters]![axis]!
}
