import { invalid } from '../errors.js'
import { isPositive } from '../files/config.js'
import type { ImageProcessor } from '../image/process.js'
import { type ImageInput, RawImage } from '../image/raw-image.js'
import { checkLimit } from '../limits.js'
import { unnamedLabel } from '../models/labels.js'
import { segmentClasses } from '../models/segmentation.js'
import type { FloatTensor } from '../ops/index.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import { readList } from '../values.js'
import { type ImageCallOptions, type ImageModel, imageCall } from './base.js'
import { runPictures } from './pictures.js'

/** Height and width in pixels. */
export type TargetSize = readonly [height: number, width: number]

/** The pixels of one class. */
export interface Segment {
  readonly label: string
  /** null: semantic segmentation has no scores. */
  readonly score: null
  /** Gray, of the size of the picture: 255 for pixels of the class, 0 for others. */
  readonly mask: RawImage
}

export interface ImageSegmentationOptions extends ImageCallOptions {
  /** The kind of segmentation; models that are supported have this one only. */
  readonly subtask?: 'semantic' | null | undefined
  /** Height and width of the masks, for each picture. Default: those of the picture. */
  readonly target_sizes?: readonly TargetSize[] | null | undefined
}

const task = 'image-segmentation'

/** Values of the resized logits that are in memory at once. */
const stripValues = 2 ** 24

/** Tells the class of each pixel: for each class in the picture its mask, by ascending class id. */
export class ImageSegmentation {
  readonly task = task
  readonly model: ImageModel
  readonly processor: ImageProcessor

  constructor(model: ImageModel, processor: ImageProcessor) {
    this.model = model
    this.processor = processor
  }

  /** Returns a list of segments for one image, and a list of such lists for a list of images. */
  async call(images: ImageInput, options?: ImageSegmentationOptions): Promise<Segment[]>
  async call(images: readonly ImageInput[], options?: ImageSegmentationOptions): Promise<Segment[][]>
  async call(images: ImageInput | readonly ImageInput[], given: ImageSegmentationOptions = {}) {
    const { list, single, options } = imageCall(images, given, ['subtask', 'target_sizes'], task)
    const { subtask, target_sizes, signal } = options
    if (subtask !== undefined && subtask !== null && subtask !== 'semantic')
      optionInvalid(`${task}: subtask`, subtask, "'semantic'")
    const sizes = sizesOf(target_sizes ?? undefined, list.length)
    const results: Segment[][] = []
    for await (const { picture, outputs } of runPictures(list, this.model, this.processor, options)) {
      if (outputs.logits?.rank !== 4)
        throw invalid('TASK_UNSUPPORTED', `${task}: model`, 'a head of semantic segmentation', 'none')
      const size: TargetSize = sizes?.[results.length] ?? [picture.height, picture.width]
      results.push(await this.#segments(outputs.logits, size, signal))
    }
    return single ? results[0]! : results
  }

  async #segments(
    logits: FloatTensor,
    size: TargetSize,
    signal: AbortSignal | undefined,
  ): Promise<Segment[]> {
    const [height, width] = size
    const { classes, present } = await classesOf(logits, size, signal)
    using pixels = Tensor.from(classes, [height, width], 'int32')
    const segments: Segment[] = []
    for (const id of present) {
      using mask: Tensor<'uint8'> = ops.cast(ops.where(ops.equal(pixels, id), 255, 0), 'uint8')
      const label = this.model.info.labels?.[id] ?? unnamedLabel(id)
      segments.push({ label, score: null, mask: new RawImage(await mask.data({ signal }), width, height, 1) })
    }
    return segments
  }
}

/** The classes of the pixels of one picture, row by row. A strip of rows is resized at a time. */
async function classesOf(logits: FloatTensor, size: TargetSize, signal: AbortSignal | undefined) {
  const [height, width] = size
  const rows = Math.max(1, Math.floor(stripValues / (logits.shape[1]! * width)))
  checkLimit('imagePixels', height * width, `${task}: pixels of a mask`)
  const classes = new Int32Array(height * width)
  const present = new Set<number>()
  for (let start = 0; start < height; start += rows) {
    const end = Math.min(height, start + rows)
    using strip = segmentClasses(logits, size, { start, end })
    const found = await strip.data({ signal })
    classes.set(found, start * width)
    for (const id of found) present.add(id)
  }
  return { classes, present: [...present].sort((a, b) => a - b) }
}

function sizesOf(given: ImageSegmentationOptions['target_sizes'] | undefined, count: number) {
  if (!given) return undefined
  const what = `${task}: target_sizes`
  const isSize = (value: unknown): value is TargetSize =>
    Array.isArray(value) && value.length === 2 && value.every(isPositive)
  const expected = 'a list of [height, width], whole numbers above 0, one for each image'
  const sizes = readList(given, isSize, { what, expected, item: '[height, width]', code: 'OPTION_INVALID' })
  if (sizes.length !== count) optionInvalid(what, `${sizes.length} sizes`, expected)
  return sizes
}
