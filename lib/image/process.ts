import { checkSignal, unlessAborted } from '../abort.js'
import { inBatch, invalid, show } from '../errors.js'
import { type HubOptions, hubOptionNames } from '../files/hub/options.js'
import { formatShape, sameShape } from '../graph/shape.js'
import { checkLimit } from '../limits.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { attempt, isInteger, isObject, isString, readList } from '../values.js'
import { checkDecodeOptions, type DecodeOptions, withPixels } from './decode.js'
import { loadSpec } from './load.js'
import { patchesOf } from './patches.js'
import type { Pixels } from './pixels.js'
import { type ImageInput, isRawImage, RawImage } from './raw-image.js'
import { resizePixels, type Window } from './resize.js'
import { colorsOf, resizeFloats } from './resize-floats.js'
import { type CropSpec, cropWindow, type ImageSpec, resizedSize, type Size } from './spec.js'
import { normalized, picturesOf, valuesOf } from './values.js'

/** Images as a model's run() takes them. */
export interface ProcessedImages {
  /** float32 [B, C, H, W]; for processors of patches [B, patches, patch height * patch width * C]. Lazy. */
  readonly pixelValues: ops.FloatTensor
  /** Of processors of patches: int64 [B, patches], 1 for patches, 0 for padding. */
  readonly pixelAttentionMask?: Tensor<'int64'>
  /** Of processors of patches: int64 [B, 2], height and width of each image in patches. */
  readonly spatialShapes?: Tensor<'int64'>
}

/** Converts images to the pixel values a model takes, exactly as the image processor of its library does. */
export class ImageProcessor {
  readonly spec: ImageSpec
  readonly #threads: number | undefined

  /**
   * @param threads that resize; default: all
   * @throws INPUT_INVALID; LIMIT_EXCEEDED for a processor that makes too many pixels of each picture
   */
  constructor(spec: ImageSpec, threads?: number) {
    const copy: ImageSpec | undefined = attempt(() => structuredClone(spec))
    if (typeof copy !== 'object' || copy === null)
      throw invalid('INPUT_INVALID', 'ImageProcessor: spec', 'an ImageSpec', show(spec))
    this.spec = copy
    this.#threads = threads
    const { crop, resize } = copy
    const size = crop?.size ?? (resize?.to === 'size' ? resize.size : undefined)
    if (size) checkProcessed(size)
    if (copy.patches) checkProcessed([copy.patches.size ** 2, copy.patches.count])
  }

  /**
   * The image processor of a model folder, or of a model on the Hub: from processor_config.json, preprocessor_config.json
   * or timm's config.json.
   * @throws FILE_NOT_FOUND, CONFIG_INVALID, LIMIT_EXCEEDED, OPTION_INVALID, OPTION_UNKNOWN, ABORTED; DOWNLOAD_FAILED, CACHE_UNWRITABLE
   */
  static async load(model: string | URL, options: HubOptions = {}): Promise<ImageProcessor> {
    const hub = checkOptions(options, hubOptionNames, 'ImageProcessor.load')
    checkSignal(hub.signal)
    return new ImageProcessor(await unlessAborted(loadSpec(model, hub), hub.signal))
  }

  /**
   * Decodes and processes images of one batch. A few are decoded at a time, and each is resized before the next.
   * @param first index of the first image in messages, where the batch is part of a list
   * @returns the pixel values, float32 [B, C, H, W], lazy
   * @throws EMPTY_BATCH; SHAPE_MISMATCH if the results differ in size; LIMIT_EXCEEDED; the errors of {@link decodeImage}
   */
  async process(
    images: ImageInput | readonly ImageInput[],
    options: DecodeOptions = {},
    first = 0,
  ): Promise<ops.FloatTensor> {
    return (await this.prepare(images, options, first)).pixelValues
  }

  /** As {@link process}, with the other inputs of models of patches. */
  async prepare(
    images: ImageInput | readonly ImageInput[],
    options: DecodeOptions = {},
    first = 0,
  ): Promise<ProcessedImages> {
    const decoding = checkDecodeOptions(options, 'ImageProcessor.process')
    if (!isInteger(first))
      throw invalid('INPUT_INVALID', 'ImageProcessor.process: first', 'an index', show(first))
    const names = { what: 'images', expected: 'an image or a list of them', item: 'an image' }
    const list = readList(isImageInput(images) ? [images] : images, isImageInput, names)
    if (list.length === 0) throw invalid('EMPTY_BATCH', 'images', 'at least one', 'none')
    const named = list.length > 1 || first > 0
    const each = <T>(make: (pixels: Pixels) => Promise<T>) =>
      Promise.all(
        list.map(async (image, index) => {
          try {
            return await (isRawImage(image) ? make(image) : withPixels(image, decoding, make))
          } catch (error) {
            throw named ? inBatch(error, `image ${first + index}`) : error
          }
        }),
      )
    const { patches, floats, normalize } = this.spec
    const { signal } = decoding
    if (floats) {
      const resized = ops.stack(await each((pixels) => this.#floats(pixels, signal)))
      return { pixelValues: ops.permute(normalized(resized, normalize), [0, 3, 1, 2]) }
    }
    const small = await each((pixels) => this.#geometry(pixels, signal))
    if (patches) return this.#patches(small, patches, first)
    const planes = small.map(colors)
    const other = planes.findIndex(({ shape }) => !sameShape(shape, planes[0]!.shape))
    if (other > 0)
      throw invalid(
        'SHAPE_MISMATCH',
        `image ${first + other}: size after processing`,
        `the size of the first, ${formatShape(planes[0]!.shape)}`,
        formatShape(planes[other]!.shape),
      )
    const values = valuesOf(ops.stack(planes), this.spec)
    const { padTo } = this.spec
    const whole = padTo === undefined ? values : filled(values, padTo)
    return { pixelValues: ops.permute(whole, [0, 3, 1, 2]) }
  }

  /** The padding is 0 after the normalization. */
  #patches(
    images: readonly Pixels[],
    { size, count }: NonNullable<ImageSpec['patches']>,
    first: number,
  ): ProcessedImages {
    const all = images.map((pixels, index) => patchesOf(pixels, size, count, `image ${first + index}`))
    const batch = all.length
    const bytes = ops.stack(all.map(({ data }) => Tensor.from(data, [count, size * size, 3])))
    const kept = BigInt64Array.from(
      all.flatMap(({ shape: [height, width] }) =>
        Array.from({ length: count }, (_, patch) => BigInt(patch < height * width)),
      ),
    )
    const mask: Tensor<'int64'> = Tensor.from(kept, [batch, count])
    const values = valuesOf(bytes, this.spec)
    const visible: Tensor<'bool'> = ops.reshape(ops.cast(mask, 'bool'), [batch, count, 1, 1])
    return {
      pixelValues: ops.reshape(ops.where(visible, values, 0), [batch, count, size * size * 3]),
      pixelAttentionMask: mask,
      spatialShapes: Tensor.from(
        BigInt64Array.from(
          all.flatMap(({ shape }) => shape),
          BigInt,
        ),
        [batch, 2],
      ),
    }
  }

  /**
   * Pictures of pixel values, such as those that a model reconstructs: the inverse of the numbers that {@link process}
   * makes of pixels, rounded to 8 bits. Values outside of the range become black or white.
   * @param pixelValues float32 [B, C, H, W], with 1 or 3 channels
   * @throws INPUT_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, OPTION_UNKNOWN, ABORTED
   */
  async toImages(
    pixelValues: ops.FloatTensor,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RawImage[]> {
    const { signal } = checkOptions(options, ['signal'], 'ImageProcessor.toImages')
    checkSignal(signal)
    return picturesOf(pixelValues, this.spec, { signal, threads: this.#threads })
  }

  /** float32 [H, W, 3], rescaled and resized. */
  async #floats(pixels: Pixels, signal: AbortSignal | undefined): Promise<ops.FloatTensor> {
    const { resize, crop, patches, padTo, rescale } = this.spec
    const filter = resize?.filter
    const isFloatFilter = filter === 'bilinear' || filter === 'bicubic'
    const others = crop || patches || padTo !== undefined || rescale?.offset !== 0
    if (resize?.to !== 'size' || !isFloatFilter || others)
      throw invalid(
        'INPUT_INVALID',
        'ImageProcessor: spec.floats',
        'a scale without offset and a resize to one size by bilinear or bicubic alone',
        show(this.spec),
      )
    checkProcessed(resize.size)
    return resizeFloats(pixels, resize.size, rescale.scale, filter, { signal, threads: this.#threads })
  }

  /** Resizes and crops. What the crop leaves out is not computed. */
  async #geometry(pixels: Pixels, signal: AbortSignal | undefined): Promise<Pixels> {
    const { resize, crop } = this.spec
    const size = resize
      ? resizedSize([pixels.height, pixels.width], resize)
      : ([pixels.height, pixels.width] as const)
    checkProcessed(crop?.size ?? size)
    const margin = crop?.margin ?? 'even'
    const [vertical, horizontal] = [0, 1].map((axis) =>
      cropWindow(size[axis]!, crop ? crop.size[axis]! : size[axis]!, margin),
    ) as [Axis, Axis]
    const window: Window = {
      top: vertical.start,
      left: horizontal.start,
      height: Math.min(size[0], crop?.size[0] ?? size[0]),
      width: Math.min(size[1], crop?.size[1] ?? size[1]),
    }
    const part = await resizePixels(pixels, size, window, resize?.filter ?? 'nearest', {
      signal,
      threads: this.#threads,
    })
    return crop ? padded(part, crop, vertical.before, horizontal.before) : part
  }
}

/** Zeros around [B, H, W, C], so that height and width are multiples of a number. */
function filled(values: ops.FloatTensor, multiple: number): ops.FloatTensor {
  const side = (axis: 1 | 2) => {
    const length = values.shape[axis]!
    const missing = Math.ceil(length / multiple) * multiple - length
    return { length: length + missing, pad: [Math.floor(missing / 2), Math.ceil(missing / 2)] as const }
  }
  const [height, width] = [side(1), side(2)]
  checkProcessed([height.length, width.length])
  return ops.pad(values, [[0, 0], height.pad, width.pad, [0, 0]])
}

type Axis = ReturnType<typeof cropWindow>

function checkProcessed([height, width]: Size): void {
  checkLimit('processedPixels', height * width, `image processor, a result of ${width}x${height}: pixels`)
}

/** Pixels with the crop's color around them, where they are fewer than the crop. */
function padded(part: Pixels, { size, fill }: CropSpec, top: number, left: number): Pixels {
  const [height, width] = size
  if (part.height === height && part.width === width) return part
  // A gray picture has no place for a color.
  const isColor = fill.some((value) => value !== fill[0])
  const pixels = isColor ? new RawImage(part.data, part.width, part.height, part.channels).rgb() : part
  const { channels } = pixels
  const data = new Uint8Array(height * width * channels)
  const color = fill.slice(0, channels)
  if (color.some((value) => value !== 0))
    for (let at = 0; at < data.length; at++) data[at] = color[at % channels] ?? 0
  const length = pixels.width * channels
  for (let y = 0; y < pixels.height; y++)
    data.set(pixels.data.subarray(y * length, (y + 1) * length), ((top + y) * width + left) * channels)
  return { data, width, height, channels }
}

/** uint8 [H, W, 3]: gray repeated, alpha dropped. */
function colors({ data, width, height, channels }: Pixels): Tensor<'uint8'> {
  return colorsOf(Tensor.from(data, [height, width, channels]))
}

/** Whether a value can be an image, as opposed to a list of images. */
export function isImageInput(value: unknown): value is ImageInput {
  const isOther = () => Array.isArray(value) || value instanceof Tensor
  return isString(value) || (isObject(value) && attempt(isOther) === false)
}
