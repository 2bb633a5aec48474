import { SaccadeError } from '../errors.js'
import { Tensor } from '../tensor/tensor.js'
import { type DecodeOptions, decodeImage, type ImageInput } from './decode.js'

/** Pixels in memory: 8 bits a channel, rows from the top, channels together. */
export class RawImage {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA; 4 of a CMYK file while it is decoded. */
  readonly channels: number

  /** @throws IMAGE_INVALID if the data is not width * height * channels bytes */
  constructor(data: Uint8Array | Uint8ClampedArray, width: number, height: number, channels: number) {
    const whole = [width, height, channels].every((size) => Number.isInteger(size) && size > 0)
    if (!whole || channels > 4 || data.length !== width * height * channels)
      throw new SaccadeError(
        'IMAGE_INVALID',
        `pixels of ${width}x${height} in ${channels} channels are ${width * height * channels} bytes, got ${data.length}`,
      )
    this.data =
      data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.width = width
    this.height = height
    this.channels = channels
  }

  /** Reads a path, URL, Blob or the bytes of a file, as RGB. */
  static read(input: ImageInput, options?: DecodeOptions): Promise<RawImage> {
    return decodeImage(input, options)
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

/** Pillow's CMYK to RGB, without a colour profile: each of C, M, Y is darkened by K. */
export function cmykToRgb(image: RawImage): RawImage {
  const { data, width, height } = image
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const light = 255 - data[pixel * 4 + 3]!
    for (let channel = 0; channel < 3; channel++) {
      const product = data[pixel * 4 + channel]! * light + 128
      rgb[pixel * 3 + channel] = light - (((product >> 8) + product) >> 8)
    }
  }
  return new RawImage(rgb, width, height, 3)
}
