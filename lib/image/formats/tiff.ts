import { isOrientation, orientationTag } from '../orientation.js'
import type { Encoded, Pixels } from '../pixels.js'
import { findTag, withTag } from '../tiff-tags.js'
import { decodeWithSharp } from './sharp.js'

const tags = {
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  extraSamples: 338,
  sampleFormat: 339,
} as const
const [whiteIsZero, blackIsZero, rgb, yCbCr] = [0, 1, 2, 6] as const
const [unsigned, float] = [1, 3] as const
const jpeg = 7
const [associated, unassociated] = [1, 2] as const
const labs = [8, 9, 10]
/** Those that sharp's decoder is built without. */
const compressions: Readonly<Record<number, string>> = {
  34925: 'LZMA',
  34926: 'Zstandard',
  50000: 'Zstandard',
  50001: 'WebP',
}

/**
 * Decodes the first picture of a TIFF. What Pillow refuses for its kind of samples is refused, too: there is no one way to make
 * colors of signed or floating-point RGB.
 */
export function decodeTiff(file: Encoded): Promise<Pixels> {
  const value = (tag: number, absent: number) => findTag(file.bytes, tag)?.value ?? absent
  const photometric = value(tags.photometric, blackIsZero)
  const compression = value(tags.compression, 1)
  const bits = value(tags.bits, 1)
  const samples = value(tags.samples, 1)
  const format = value(tags.sampleFormat, unsigned)

  const codec = compressions[compression]
  if (codec) file.fail(`a TIFF with ${codec} compression`)
  if (labs.includes(photometric)) file.fail('a TIFF with LAB colors')
  if (photometric === yCbCr && compression !== jpeg) file.fail('a TIFF with YCbCr colors that are not JPEG')
  const kind = `${bits}-bit ${format === float ? 'floating-point' : format === unsigned ? 'unsigned' : 'signed'} samples`
  if (samples > 1 && (format !== unsigned || bits > 16))
    file.fail(`a TIFF with ${samples} channels of ${kind}`)
  if (format === float && bits < 32) file.fail(`a TIFF with ${kind}`)
  if (photometric === whiteIsZero && format !== float && (format !== unsigned || bits > 16))
    file.fail(`a TIFF with ${kind} whose 0 is white`)

  // The tags of EXIF are those of the file itself.
  let { bytes } = file
  const set = (tag: number, to: number) => {
    const found = findTag(bytes, tag)
    if (found) bytes = withTag(bytes, found, to)
  }
  // Other orientations are refused by sharp, where Pillow takes them for upright.
  if (!isOrientation(value(orientationTag, 1))) set(orientationTag, 1)
  // Pillow does not invert 16-bit gray.
  if (photometric === whiteIsZero && bits === 16 && samples === 1) set(tags.photometric, blackIsZero)
  const premultiplied = photometric === rgb && samples >= 4 && value(tags.extraSamples, 0) === associated
  // sharp would divide by the alpha itself, and round in another way.
  if (premultiplied) set(tags.extraSamples, unassociated)
  return decodeWithSharp(file, { bytes, exif: file.bytes, premultiplied })
}
