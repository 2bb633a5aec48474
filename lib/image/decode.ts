import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SaccadeError } from '../errors.js'
import { cmykToRgb, RawImage } from './raw-image.js'

/** What can stand for an image: a path, a URL (file:, data:, http:, https:), the bytes of a file, or pixels. */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | RawImage

export interface DecodeOptions {
  /** Images with more pixels are refused before they are decoded. Default {@link defaultMaxPixels}. */
  readonly maxPixels?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Twice the pixels Pillow warns at: enough for any camera, little enough for any machine. */
export const defaultMaxPixels = 178_956_970

/**
 * Reads an image as 8-bit RGB, the way Pillow's convert('RGB') does: turned by its EXIF orientation, alpha dropped and
 * not blended, palettes expanded, gray repeated, CMYK converted without a profile. Animations give their first frame.
 * @throws FILE_NOT_FOUND; IMAGE_INVALID: not an image, or a broken one; IMAGE_TOO_LARGE; ABORTED
 */
export async function decodeImage(input: ImageInput, options: DecodeOptions = {}): Promise<RawImage> {
  if (input instanceof RawImage) return input.rgb()
  const { maxPixels = defaultMaxPixels, signal } = options
  if (!(maxPixels > 0))
    throw new SaccadeError('OPTION_INVALID', `maxPixels must be above 0, got ${maxPixels}`)
  const name = nameOf(input)
  const bytes = await readBytes(input, name, signal)
  // Only who decodes pictures waits for the decoder to load.
  const { default: sharp } = await import('sharp')
  try {
    // The limit is checked here, where the error can name it; failOn: what Pillow would refuse, too.
    const image = sharp(bytes, { limitInputPixels: false, failOn: 'error', ignoreIcc: true })
    const { width, height, space } = await image.metadata()
    if (width * height > maxPixels)
      throw new SaccadeError(
        'IMAGE_TOO_LARGE',
        `${name} has ${width}x${height} pixels, more than the limit of ${maxPixels}; see the option maxPixels`,
      )
    const turned = image.autoOrient()
    const plain =
      space === 'cmyk'
        ? turned.pipelineColourspace('cmyk').toColourspace('cmyk')
        : turned.removeAlpha().toColourspace('srgb')
    const { data, info } = await plain.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const pixels = new RawImage(data, info.width, info.height, info.channels)
    return space === 'cmyk' ? cmykToRgb(pixels) : pixels.rgb()
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    throw new SaccadeError(
      'IMAGE_INVALID',
      `${name} is not an image that can be decoded: ${firstLine(cause)}`,
      { cause },
    )
  }
}

function nameOf(input: Exclude<ImageInput, RawImage>): string {
  if (typeof input === 'string' || input instanceof URL) {
    const text = String(input)
    return text.startsWith('data:') ? 'the image of a data: URL' : text
  }
  return 'the image given as bytes'
}

async function readBytes(
  input: Exclude<ImageInput, RawImage>,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input
  if (input instanceof ArrayBuffer) return new Uint8Array(input)
  if (input instanceof Blob) return new Uint8Array(await input.arrayBuffer())
  if (typeof input !== 'string' && !(input instanceof URL))
    throw new SaccadeError(
      'INPUT_INVALID',
      `an image is a path, a URL, bytes or a RawImage, got ${typeOf(input)}`,
    )
  const text = String(input)
  if (/^(https?|data):/i.test(text)) return download(text, name, signal)
  try {
    return await readFile(text.startsWith('file:') ? fileURLToPath(text) : text, { signal })
  } catch (cause) {
    if (signal?.aborted) throw new SaccadeError('ABORTED', `reading ${name} was aborted`, { cause })
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new SaccadeError(
      missing ? 'FILE_NOT_FOUND' : 'IMAGE_INVALID',
      missing ? `there is no image ${name}` : `${name} cannot be read: ${firstLine(cause)}`,
      { cause },
    )
  }
}

async function download(url: string, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const response = await fetch(url, signal ? { signal } : {})
    if (!response.ok)
      throw new SaccadeError(
        'FILE_NOT_FOUND',
        `${name} cannot be downloaded: ${response.status} ${response.statusText}`,
      )
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    if (signal?.aborted) throw new SaccadeError('ABORTED', `the download of ${name} was aborted`, { cause })
    throw new SaccadeError('FILE_NOT_FOUND', `${name} cannot be downloaded: ${firstLine(cause)}`, { cause })
  }
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
