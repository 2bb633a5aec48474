import { checkSignal, throwIfAborted, unlessAborted } from '../abort.js'
import { invalid, SaccadeError } from '../errors.js'
import { checkLimit, getLimits } from '../limits.js'
import { checkFlags, checkOptions, optionInvalid } from '../options.js'
import { decodeAvif } from './formats/avif.js'
import { decodeBmp } from './formats/bmp.js'
import { decodeGif } from './formats/gif.js'
import { decodeIco } from './formats/ico.js'
import { decodeJpeg } from './formats/jpeg.js'
import { type Format, formatNames, formatOf, unreadFormatOf } from './formats/magic.js'
import { decodePnm } from './formats/pnm.js'
import { decodeWithSharp } from './formats/sharp.js'
import { decodeSvg } from './formats/svg.js'
import { decodeTiff } from './formats/tiff.js'
import { decodeWebp } from './formats/webp.js'
import type { Decoder, Encoded, Pixels } from './pixels.js'
import { type ImageSource, isRemote, nameOf, readSource } from './source.js'
import { Budget } from './work.js'

/** Options of decoding an image. */
export interface DecodeOptions {
  /** Pictures with more pixels are refused before they are decoded. Default: the limit `imagePixels`, 178 956 970. */
  readonly maxPixels?: number | undefined
  /**
   * Reads SVG, too. Default false: an SVG is a program of a kind, and its drawing can take very long. Filters, entities
   * and references to other files are refused even then.
   */
  readonly svg?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

const optionNames = ['maxPixels', 'svg', 'signal']

const decoders: Readonly<Record<Format, Decoder>> = {
  jpeg: decodeJpeg,
  png: (file) => decodeWithSharp(file),
  webp: decodeWebp,
  tiff: decodeTiff,
  gif: decodeGif,
  avif: decodeAvif,
  bmp: (file) => decodeBmp(file),
  pnm: decodePnm,
  ico: decodeIco,
  svg: decodeSvg,
}

/** Files that are read, or wait to be decoded. Slow URLs do not keep files from being read. */
const readsAtOnce = new Budget(4)
const downloadsAtOnce = new Budget(8)
/** Images that are decoded at once; the others wait. It bounds the memory, and the loops in slices. */
const filesAtOnce = new Budget(4)
/** Pixels of these. A picture with more is decoded alone. */
const pixelsAtOnce = new Budget(2 ** 26)

/** @throws OPTION_UNKNOWN, OPTION_INVALID */
export function checkDecodeOptions(given: DecodeOptions, what: string): DecodeOptions {
  const options = checkOptions(given, optionNames, what)
  const { maxPixels } = options
  if (maxPixels !== undefined && !(typeof maxPixels === 'number' && maxPixels > 0))
    optionInvalid('maxPixels', maxPixels, 'a number above 0')
  checkFlags(options, ['svg'], what)
  checkSignal(options.signal)
  return options
}

/**
 * Decodes an image to 8-bit gray or RGB, as Pillow does, and hands the pixels to `use`. They count as memory in use until
 * that is done. An abort rejects at once; the decoder's thread ends later, and keeps its part of the memory till then.
 * @throws FILE_NOT_FOUND; IMAGE_INVALID: not an image, or a broken one; IMAGE_TOO_LARGE; LIMIT_EXCEEDED; INPUT_INVALID;
 *   ABORTED
 */
export async function withPixels<T>(
  source: ImageSource,
  options: DecodeOptions,
  use: (pixels: Pixels) => Promise<T>,
): Promise<T> {
  throwIfAborted(options.signal)
  const work = inTurn(source, options, use)
  // The work of an aborted call ends later; its failure must not end the process.
  work.catch(() => {})
  return unlessAborted(work, options.signal)
}

async function inTurn<T>(
  source: ImageSource,
  options: DecodeOptions,
  use: (pixels: Pixels) => Promise<T>,
): Promise<T> {
  const name = nameOf(source)
  const { bytes, release } = await readInTurn(source, options.signal)
  const releases = [release]
  try {
    const file: Encoded = {
      bytes,
      name,
      signal: options.signal,
      admit: async (width, height) => {
        checkSize(width, height, name, options.maxPixels ?? getLimits().imagePixels)
        releases.push(await pixelsAtOnce.take(width * height))
        throwIfAborted(options.signal)
      },
      fail: (problem, cause) => {
        throw new SaccadeError('IMAGE_INVALID', `${name} cannot be decoded: ${problem}`, { cause })
      },
    }
    const format = formatOf(bytes)
    if (!format || (format === 'svg' && !options.svg))
      throw invalid(
        'IMAGE_INVALID',
        name,
        `an image (${Object.values(formatNames).join(', ')})`,
        format ? formatNames[format] : describe(bytes),
      )
    return await use(await decoders[format](file))
  } finally {
    for (const release of releases) release()
  }
}

/** Reads a source, then waits until it can be decoded. @returns also a function that ends its turn */
async function readInTurn(source: ImageSource, signal: AbortSignal | undefined) {
  const read = await (isRemote(source) ? downloadsAtOnce : readsAtOnce).take(1)
  try {
    const bytes = await readSource(source, signal)
    return { bytes, release: await filesAtOnce.take(1) }
  } finally {
    read()
  }
}

function checkSize(width: number, height: number, name: string, maxPixels: number): void {
  if (width * height > maxPixels)
    throw invalid(
      'IMAGE_TOO_LARGE',
      name,
      `at most ${maxPixels} pixels (see the option maxPixels)`,
      `${width}x${height}`,
    )
  checkLimit('imageSide', Math.max(width, height), `${name}: longest side`)
}

function describe(bytes: Buffer): string {
  if (bytes.length === 0) return 'an empty file'
  const unread = unreadFormatOf(bytes)
  if (unread) return `${unread}, which is not read`
  return `a file that begins with the bytes ${bytes.toString('hex', 0, 8)}`
}
