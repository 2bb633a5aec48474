import { checkSignal, unlessAborted } from '../abort.js'
import { invalid, show } from '../errors.js'
import { Tensor } from '../tensor/tensor.js'
import { bytesOf } from '../values.js'
import { type DecodeOptions, decodePixels, type Pixels } from './decode.js'
import type { ImageSource } from './source.js'

/** An image as an argument: a path, a URL (file:, data:, http:, https:), the bytes of a file, or pixels. */
export type ImageInput = ImageSource | RawImage

/** Pixels in memory: 8 bits a channel, rows from the top, channels together. */
export class RawImage implements Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number

  /** @throws IMAGE_INVALID if the data is not width * height * channels bytes */
  constructor(data: Uint8Array | Uint8ClampedArray, width: number, height: number, channels: number) {
    const whole = [width, height, channels].every((size) => Number.isInteger(size) && size > 0)
    const bytes = bytesOf(data)
    if (!bytes)
      throw invalid('INPUT_INVALID', 'RawImage: data', 'a Uint8Array or a Uint8ClampedArray', show(data))
    if (!whole || channels > 4 || bytes.length !== width * height * channels)
      throw invalid(
        'IMAGE_INVALID',
        'RawImage',
        'width * height * channels bytes, with 1 to 4 channels',
        `${bytes.length} bytes for ${show(width)} * ${show(height)} * ${show(channels)}`,
      )
    this.data = bytes
    this.width = width
    this.height = height
    this.channels = channels
  }

  /** The same as {@link decodeImage}, under the name that transformers.js has for it. */
  static async read(input: ImageInput, options: DecodeOptions = {}): Promise<RawImage> {
    checkSignal(options.signal)
    if (input instanceof RawImage) return input.rgb()
    const pixels = await unlessAborted(decodePixels(input, options), options.signal)
    const { data, width, height, channels } = pixels
    return new RawImage(data, width, height, channels).rgb()
  }

  /** [width, height], as transformers.js has it. */
  get size(): [number, number] {
    return [this.width, this.height]
  }

  /** As RGB: gray repeated, alpha dropped. */
  rgb(): RawImage {
    if (this.channels === 3) return this
    const { data, width, height, channels } = this
    const pixels = width * height
    const rgb = new Uint8Array(pixels * 3)
    const gray = channels < 3
    for (let pixel = 0; pixel < pixels; pixel++) {
      const from = pixel * channels
      rgb[pixel * 3] = data[from]!
      rgb[pixel * 3 + 1] = data[gray ? from : from + 1]!
      rgb[pixel * 3 + 2] = data[gray ? from : from + 2]!
    }
    return new RawImage(rgb, width, height, 3)
  }

  /** uint8 [height, width, channels]. */
  tensor(): Tensor<'uint8', readonly [number, number, number]> {
    return Tensor.from(this.data, [this.height, this.width, this.channels] as const, 'uint8')
  }
}

/**
 * Reads an image as 8-bit RGB, as convert('RGB') of Pillow does: rotated by its EXIF orientation, alpha dropped without
 * blending, palettes expanded, gray repeated, CMYK converted without a profile. Of animations, the first frame.
 * @throws FILE_NOT_FOUND; IMAGE_INVALID: not an image, or a broken one; IMAGE_TOO_LARGE; INPUT_INVALID; ABORTED
 */
export function decodeImage(input: ImageInput, options?: DecodeOptions): Promise<RawImage> {
  return RawImage.read(input, options)
}
