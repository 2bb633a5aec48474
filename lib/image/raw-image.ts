import { createRequire } from 'node:module'
import type { Sharp } from 'sharp'
import { invalid, show } from '../errors.js'
import { type ResampleFilter, resampleFilters } from '../ops/resample.js'
import { checkOptions, optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { attempt, bytesOf } from '../values.js'
import { checkDecodeOptions, type DecodeOptions, withPixels } from './decode.js'
import { asRgb } from './formats/sharp.js'
import type { Pixels } from './pixels.js'
import { resizePixels } from './resize.js'
import type { ImageSource } from './source.js'

/** An image as an argument: a path, a URL (file:, data:, http:, https:), the bytes of a file, or pixels. */
export type ImageInput = ImageSource | RawImage

/** Options of {@link RawImage.resize}. */
export interface ResizeOptions {
  /** A filter of Pillow, by its name or number. Default bilinear. */
  readonly resample?: ResampleFilter | number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Pixels in memory: 8 bits a channel, rows from the top, channels together. The methods are those of transformers.js. */
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
    // Not a Buffer, whose slice() shares the bytes and whose JSON has another form.
    this.data = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.width = width
    this.height = height
    this.channels = channels
  }

  /** The same as {@link decodeImage}, under the name that transformers.js has for it. */
  static async read(input: ImageInput, decoding: DecodeOptions = {}): Promise<RawImage> {
    const options = checkDecodeOptions(decoding, 'RawImage.read')
    if (isRawImage(input)) return input.rgb()
    return withPixels(input, options, async (pixels) => {
      const { data, width, height } = await asRgb(pixels)
      return new RawImage(data, width, height, 3)
    })
  }

  /** {@link RawImage.read} of a URL or path. */
  static fromURL(url: string | URL, options?: DecodeOptions): Promise<RawImage> {
    return RawImage.read(url, options)
  }

  /** {@link RawImage.read} of a Blob. */
  static fromBlob(blob: Blob, options?: DecodeOptions): Promise<RawImage> {
    return RawImage.read(blob, options)
  }

  /** [width, height], as transformers.js has it. */
  get size(): [number, number] {
    return [this.width, this.height]
  }

  clone(): RawImage {
    return new RawImage(this.data.slice(), this.width, this.height, this.channels)
  }

  /** As RGB: gray repeated, alpha dropped. */
  rgb(): RawImage {
    if (this.channels === 3) return this
    const gray = this.channels < 3
    return this.#map(3, (from, to) => {
      const { data } = this
      to.set(gray ? [data[from]!, data[from]!, data[from]!] : [data[from]!, data[from + 1]!, data[from + 2]!])
    })
  }

  /** As RGBA; opaque where there is no alpha. */
  rgba(): RawImage {
    if (this.channels === 4) return this
    const { data, channels } = this
    return this.#map(4, (from, to) => {
      const [green, blue] = channels < 3 ? [from, from] : [from + 1, from + 2]
      to.set([data[from]!, data[green]!, data[blue]!, channels === 2 ? data[from + 1]! : 255])
    })
  }

  /** As gray: convert('L') of Pillow, ITU-R 601-2 in 16-bit fixed point. Alpha is dropped. */
  grayscale(): RawImage {
    if (this.channels === 1) return this
    const { data, channels } = this
    return this.#map(1, (from, to) => {
      to[0] =
        channels === 2
          ? data[from]!
          : (data[from]! * 19595 + data[from + 1]! * 38470 + data[from + 2]! * 7471 + 0x8000) >> 16
    })
  }

  #map(channels: number, pixel: (from: number, to: Uint8Array) => void): RawImage {
    const count = this.width * this.height
    const data = new Uint8Array(count * channels)
    const one = new Uint8Array(channels)
    for (let index = 0; index < count; index++) {
      pixel(index * this.channels, one)
      data.set(one, index * channels)
    }
    return new RawImage(data, this.width, this.height, channels)
  }

  /**
   * Resizes with the exact results of Pillow's Image.resize, off the event loop. Alpha is resized as a channel like others.
   * @param width in pixels
   * @param height in pixels
   * @throws OPTION_INVALID, OPTION_UNKNOWN, LIMIT_EXCEEDED, ABORTED
   */
  async resize(width: number, height: number, options: ResizeOptions = {}): Promise<RawImage> {
    checkOptions(options, ['resample', 'signal'], 'RawImage.resize')
    for (const [name, value] of Object.entries({ width, height }))
      if (!Number.isInteger(value) || value < 1)
        optionInvalid(`RawImage.resize: ${name}`, value, 'a whole number above 0')
    const filter = filterOf(options.resample ?? 'bilinear')
    const all = { top: 0, left: 0, width, height }
    const pixels = await resizePixels(this, [height, width], all, filter, { signal: options.signal })
    return new RawImage(pixels.data, width, height, this.channels)
  }

  /**
   * The part of the picture inside a box.
   * @param box [left, top, right, bottom] in pixels, as transformers.js has it: columns `left` to `right` and rows `top` to
   *   `bottom`, both ends included. What is outside of the picture is left out
   * @throws OPTION_INVALID for a box without pixels
   */
  async crop(box: readonly [number, number, number, number]): Promise<RawImage> {
    if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isInteger))
      optionInvalid('RawImage.crop', box, 'left, top, right and bottom, whole numbers')
    const [left, top] = [Math.max(0, box[0]), Math.max(0, box[1])]
    const width = Math.min(this.width - 1, box[2]) - left + 1
    const height = Math.min(this.height - 1, box[3]) - top + 1
    if (width < 1 || height < 1)
      optionInvalid('RawImage.crop', box, `a box inside the picture of ${this.width}x${this.height}`)
    const { channels } = this
    const data = new Uint8Array(width * height * channels)
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * this.width + left) * channels
      data.set(this.data.subarray(from, from + width * channels), y * width * channels)
    }
    return new RawImage(data, width, height, channels)
  }

  /** A sharp image of these pixels, for everything that sharp can do. */
  toSharp(): Sharp {
    // Loaded here, so that programs without images do not wait for it.
    const sharp = createRequire(import.meta.url)('sharp') as typeof import('sharp').default
    const channels = this.channels as 1 | 2 | 3 | 4
    return sharp(this.data, {
      limitInputPixels: false,
      raw: { width: this.width, height: this.height, channels },
    })
  }

  /**
   * Writes an image file, in the format of the path's extension.
   * @throws OPTION_INVALID with the reason if that cannot be done
   */
  async save(path: string): Promise<void> {
    if (typeof path !== 'string' || path === '') optionInvalid('RawImage.save: path', path, 'a path')
    try {
      const image = this.toSharp()
      // sharp writes gray as RGB unless told otherwise.
      await (this.channels < 3 ? image.toColourspace('b-w') : image).toFile(path)
    } catch (cause) {
      const reason = String(cause instanceof Error ? cause.message : cause)
      throw invalid(
        'OPTION_INVALID',
        `RawImage.save: ${show(path)}`,
        'a path that can be written, with the extension of an image format',
        reason,
        { cause },
      )
    }
  }

  /** For JSON.stringify: the pixels as a list. */
  toJSON() {
    const { width, height, channels } = this
    return { width, height, channels, data: Array.from(this.data) }
  }

  /** uint8 [height, width, channels]. */
  tensor(): Tensor<'uint8', readonly [number, number, number]> {
    return Tensor.from(this.data, [this.height, this.width, this.channels] as const, 'uint8')
  }
}

function filterOf(resample: ResampleFilter | number): ResampleFilter {
  const names = Object.keys(resampleFilters) as ResampleFilter[]
  const found = names.find((name) => name === resample || resampleFilters[name] === resample)
  return (
    found ?? optionInvalid('RawImage.resize: resample', resample, `one of ${names.join(', ')}, or 0 to 5`)
  )
}

export function isRawImage(value: unknown): value is RawImage {
  return attempt(() => value instanceof RawImage) ?? false
}

/**
 * Reads an image as 8-bit RGB, as convert('RGB') of Pillow does: turned by its EXIF or XMP orientation, alpha dropped
 * without blending, palettes expanded, gray repeated, CMYK converted without a profile. Of animations, the first frame.
 * @throws FILE_NOT_FOUND; IMAGE_INVALID: not an image, or a broken one; IMAGE_TOO_LARGE; LIMIT_EXCEEDED; INPUT_INVALID;
 *   OPTION_INVALID; OPTION_UNKNOWN; ABORTED
 */
export function decodeImage(input: ImageInput, options?: DecodeOptions): Promise<RawImage> {
  return RawImage.read(input, options)
}
