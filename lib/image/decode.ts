import { invalid, SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'
import { firstLine, type ImageSource, nameOf, readSource } from './source.js'

/** Options of decoding an image. */
export interface DecodeOptions {
  /** Images with more pixels are refused before they are decoded. Default 178 956 970. */
  readonly maxPixels?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Where Pillow refuses an image: twice the number of pixels from which on it warns. */
const defaultMaxPixels = 178_956_970

/** 8 bits a channel, rows from the top, channels together. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/**
 * Decodes an image to 8-bit gray or RGB, as Pillow does: rotated by its EXIF orientation, alpha dropped without blending,
 * palettes expanded, CMYK converted without a profile. Of animations, the first frame.
 * @throws FILE_NOT_FOUND; IMAGE_INVALID: not an image, or a broken one; IMAGE_TOO_LARGE; INPUT_INVALID; ABORTED
 */
export async function decodePixels(source: ImageSource, options: DecodeOptions): Promise<Pixels> {
  const { maxPixels = defaultMaxPixels, signal } = options
  if (!(maxPixels > 0)) optionInvalid('maxPixels', maxPixels, 'a number above 0')
  const bytes = await readSource(source, signal)
  const name = nameOf(source)
  // Loaded here, so that programs without images do not wait for the decoder.
  const { default: sharp } = await import('sharp')
  try {
    // The limit is checked below, where the error can name it. failOn: what Pillow refuses, too.
    const image = sharp(bytes, { limitInputPixels: false, failOn: 'error', ignoreIcc: true })
    const { width, height, space } = await image.metadata()
    if (width * height > maxPixels)
      throw invalid(
        'IMAGE_TOO_LARGE',
        name,
        `at most ${maxPixels} pixels (see the option maxPixels)`,
        `${width}x${height}`,
      )
    const upright = image.autoOrient()
    const plain =
      space === 'cmyk'
        ? upright.pipelineColourspace('cmyk').toColourspace('cmyk')
        : upright.removeAlpha().toColourspace('srgb')
    const { data, info } = await plain.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const pixels = { data, width: info.width, height: info.height, channels: info.channels }
    return space === 'cmyk' ? cmykToRgb(pixels) : pixels
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    throw new SaccadeError(
      'IMAGE_INVALID',
      `${name} is not an image that can be decoded: ${firstLine(cause)}`,
      { cause },
    )
  }
}

/** Pillow's CMYK to RGB, without a colour profile: each of C, M, Y is darkened by K. */
function cmykToRgb({ data, width, height }: Pixels): Pixels {
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const light = 255 - data[pixel * 4 + 3]!
    for (let channel = 0; channel < 3; channel++) {
      const product = data[pixel * 4 + channel]! * light + 128
      rgb[pixel * 3 + channel] = light - (((product >> 8) + product) >> 8)
    }
  }
  return { data: rgb, width, height, channels: 3 }
}
