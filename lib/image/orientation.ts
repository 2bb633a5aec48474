import type { Sharp } from 'sharp'
import { findTag } from './tiff-tags.js'

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

export const orientationTag = 0x0112

/**
 * The orientation by which exif_transpose of Pillow turns an image: that of EXIF, of the hexadecimal EXIF that ImageMagick
 * puts into PNG texts, or else of XMP. Other numbers than 1 to 8 mean upright.
 */
export function orientationOf({ exif, xmp, comments }: OrientationSources): Orientation {
  const tag = exifOrientation(exif ?? rawProfile(comments))
  const value = tag ?? xmpOrientation(xmp)
  return isOrientation(value) ? value : 1
}

/**
 * The same for an AVIF, where Pillow puts the orientation of the container in the place of that of EXIF. So XMP counts only
 * if neither has one.
 */
export function avifOrientation(container: Orientation, { exif, xmp }: OrientationSources): Orientation {
  if (container !== 1 || exifOrientation(exif) !== undefined) return container
  return orientationOf({ xmp })
}

export function isOrientation(value: number | undefined): value is Orientation {
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

/** The orientation of EXIF, or undefined. */
function exifOrientation(exif: Uint8Array | undefined): number | undefined {
  const tag = exif && findTag(exif, orientationTag)
  return tag?.count === 1 ? tag.value : undefined
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
