import { invalid } from '../errors.js'
import { formatShape, sameShape } from '../graph/shape.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import { constantFrom } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import { attempt, isObject, isString, readList } from '../values.js'
import type { DecodeOptions } from './decode.js'
import { decodeImage, type ImageInput, type RawImage } from './raw-image.js'
import { type CropSpec, cropWindow, type ImageSpec, resizedSize } from './spec.js'

/** Converts images to the pixel values a model takes, exactly as the image processor of its library does. */
export class ImageProcessor {
  readonly spec: ImageSpec

  constructor(spec: ImageSpec) {
    this.spec = spec
  }

  /**
   * Decodes and processes images of one batch.
   * @returns float32 [B, C, H, W], lazy
   * @throws EMPTY_BATCH; SHAPE_MISMATCH if the results differ in size; the errors of {@link decodeImage}
   */
  async process(
    images: ImageInput | readonly ImageInput[],
    options: DecodeOptions = {},
  ): Promise<ops.FloatTensor> {
    const decoding = checkOptions(options, ['maxPixels', 'signal'], 'process')
    const names = { what: 'images', expected: 'an image or a list of them', item: 'an image' }
    const list = readList(isImageInput(images) ? [images] : images, isImageInput, names)
    if (list.length === 0) throw invalid('EMPTY_BATCH', 'images', 'at least one', 'none')
    const pixels = await Promise.all(
      list.map(async (image) => this.pixels(await decodeImage(image, decoding))),
    )
    const other = pixels.find(({ shape }) => !sameShape(shape, pixels[0]!.shape))
    if (other)
      throw invalid(
        'SHAPE_MISMATCH',
        'images of one batch after processing',
        `the size of the first, ${formatShape(pixels[0]!.shape)}`,
        formatShape(other.shape),
      )
    return ops.stack(pixels)
  }

  /** One decoded image as float32 [C, H, W], lazy. */
  pixels(image: RawImage): ops.FloatTensor {
    const { resize, crop, rescale, normalize } = this.spec
    let pixels: Tensor<'uint8'> = image.tensor()
    if (resize) {
      const [height, width] = resizedSize([image.height, image.width], resize)
      // The order of Pillow: horizontally, then vertically, each rounded to 8 bits.
      pixels = ops.resample(ops.resample(pixels, 1, width, resize.filter), 0, height, resize.filter)
    }
    if (crop) pixels = cropCenter(pixels, crop)
    let values: ops.FloatTensor = ops.cast(pixels, 'float32')
    if (rescale) values = shift(ops.mul(values, rescale.scale), rescale.offset)
    if (normalize) {
      const centered = ops.sub(values, channelVector(normalize.mean))
      values = ops.div(centered, channelVector(normalize.std))
    }
    return ops.permute(values, [2, 0, 1])
  }
}

function shift(values: ops.FloatTensor, offset: number): ops.FloatTensor {
  return offset === 0 ? values : ops.add(values, offset)
}

function channelVector(values: readonly number[]): ops.FloatTensor {
  return constantFrom(Float32Array.from(values), [values.length], 'float32')
}

function cropCenter(pixels: Tensor<'uint8'>, { size, margin, fill }: CropSpec): Tensor<'uint8'> {
  const windows = [0, 1].map((axis) => cropWindow(pixels.shape[axis]!, size[axis]!, margin))
  const padded = windows.some(({ before, after }) => before + after > 0)
    ? padColor(
        pixels,
        windows.map(({ before, after }) => [before, after] as const),
        fill,
      )
    : pixels
  return windows.reduce(
    (image, { start }, axis) => ops.slice(image, { axis, start, end: start + size[axis]! }),
    padded,
  )
}

function padColor(
  pixels: Tensor<'uint8'>,
  widths: readonly (readonly [number, number])[],
  fill: readonly number[],
): Tensor<'uint8'> {
  if (fill.every((value) => value === fill[0])) return ops.pad(pixels, [...widths, [0, 0]], fill[0])
  const channels = ops.split(
    pixels,
    fill.map(() => 1),
    2,
  )
  return ops.concat(
    channels.map((channel, index) => ops.pad(channel, [...widths, [0, 0]], fill[index])),
    2,
  )
}

/** Whether a value can be an image, as opposed to a list of images. */
export function isImageInput(value: unknown): value is ImageInput {
  const isOther = () => Array.isArray(value) || value instanceof Tensor
  return isString(value) || (isObject(value) && attempt(isOther) === false)
}
