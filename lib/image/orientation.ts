import type { Sharp } from 'sharp'

/** 1 to 8, as EXIF numbers them; 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** What a file says of its orientation. */
export interface OrientationSources {
  /** EXIF, with or without the six bytes "Exif\0\0" before it; or a TIFF, which has the same form. */
  readonly exif?: Uint8Array | undefined
  readonly xmp?: Uint8Array | undefined
  /** Texts of a PNG. */
  readonly comments?: readonly { readonly keyword: string; readonly text: string }[] | undefined
}

const orientationTag = 0x0112
const bitsPerSampleTag = 0x0102
const photometricTag = 0x0106
const [whiteIsZero, blackIsZero] = [0, 1] as const

/**
 * The orientation by which exif_transpose of Pillow turns an image: that of EXIF, of the hexadecimal EXIF that ImageMagick
 * puts into PNG texts, or else of XMP. Other numbers than 1 to 8 mean upright.
 */
export function orientationOf({ exif, xmp, comments }: OrientationSources): Orientation {
  const tag = exifTag(exif ?? rawProfile(comments), orientationTag)
  const value = tag ?? xmpOrientation(xmp)
  return isOrientation(value) ? value : 1
}

/**
 * The same for an AVIF, where Pillow puts the orientation of the container in the place of that of EXIF. So XMP counts only
 * if neither has one.
 */
export function avifOrientation(container: Orientation, { exif, xmp }: OrientationSources): Orientation {
  if (container !== 1 || exifTag(exif, orientationTag) !== undefined) return container
  return orientationOf({ xmp })
}

/**
 * A TIFF as libvips has to see it to decode it as Pillow does: with an orientation of 1 in the place of one that is not 1 to
 * 8, which is refused there; and 16-bit gray whose 0 is said to be white as gray whose 0 is black. A copy if that changes it.
 */
export function tiffForSharp(tiff: Buffer): Buffer {
  const orientation = findTag(tiff, orientationTag)
  const upright = !orientation || isOrientation(orientation.value) ? tiff : withTag(tiff, orientation, 1)
  const photometric = findTag(tiff, photometricTag)
  const inverted = photometric?.value === whiteIsZero && exifTag(tiff, bitsPerSampleTag) === 16
  return inverted ? withTag(upright, photometric, blackIsZero) : upright
}

function withTag(tiff: Buffer, { at, bytes, little }: Tag, value: number): Buffer {
  const copy = Buffer.from(tiff)
  if (little) copy.writeUIntLE(value, at, bytes)
  else copy.writeUIntBE(value, at, bytes)
  return copy
}

function isOrientation(value: number | undefined): value is Orientation {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8
}

function xmpOrientation(xmp: Uint8Array | undefined): number | undefined {
  const found = xmp && /tiff:Orientation(?:="|>)([0-9])/.exec(Buffer.from(xmp).toString('latin1'))
  return found ? Number(found[1]) : undefined
}

/** Lines: an empty one, the name, the length, then hexadecimal digits. */
function rawProfile(comments: OrientationSources['comments']): Uint8Array | undefined {
  const text = comments?.find(({ keyword }) => keyword === 'Raw profile type exif')?.text
  return text === undefined ? undefined : Buffer.from(text.split('\n').slice(3).join(''), 'hex')
}

const bytesOfType: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 }

/** A whole number of the first directory of EXIF, or undefined. */
function exifTag(exif: Uint8Array | undefined, tag: number): number | undefined {
  return exif && findTag(exif, tag)?.value
}

interface Tag {
  readonly value: number
  /** Where the value is, after "Exif\0\0" if that is there. */
  readonly at: number
  readonly bytes: number
  readonly little: boolean
}

function findTag(exif: Uint8Array, tag: number): Tag | undefined {
  const all = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  const tiff = all.toString('latin1', 0, 6) === 'Exif\0\0' ? all.subarray(6) : all
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 16 || (order !== 'II' && order !== 'MM')) return undefined
  const little = order === 'II'
  const uint = (at: number, bytes: number) =>
    little ? tiff.readUIntLE(at, bytes) : tiff.readUIntBE(at, bytes)
  // BigTIFF has offsets and counts of 8 bytes, whose lower 6 are enough here.
  const big = uint(2, 2) === 43
  const wide = (at: number) => (big ? uint(little ? at : at + 2, 6) : uint(at, 4))
  const [directory, countSize, entrySize] = big ? [wide(8), 8, 20] : [wide(4), 2, 12]
  if (directory + countSize > tiff.length) return undefined
  const start = directory + countSize
  const stated = big ? wide(directory) : uint(directory, 2)
  const entries = Math.min(stated, 65536, Math.floor((tiff.length - start) / entrySize))
  for (let entry = 0; entry < entries; entry++) {
    const at = start + entry * entrySize
    const bytes = bytesOfType[uint(at + 2, 2)]
    if (uint(at, 2) !== tag || bytes === undefined || wide(at + 4) !== 1) continue
    const place = at + (big ? 12 : 8)
    return { value: uint(place, bytes), at: place, bytes, little }
  }
  return undefined
}

/** Turns an image upright. Mirroring comes before the rotation, as sharp does both. */
export function turned(image: Sharp, orientation: Orientation): Sharp {
  switch (orientation) {
    case 1:
      return image
    case 2:
      return image.flop()
    case 3:
      return image.rotate(180)
    case 4:
      return image.flip()
    case 5:
      return image.flip().rotate(90)
    case 6:
      return image.rotate(90)
    case 7:
      return image.flop().rotate(90)
    case 8:
      return image.rotate(270)
  }
}
