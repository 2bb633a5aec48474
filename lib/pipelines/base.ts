import { invalid } from '../errors.js'
import type { DecodeOptions } from '../image/decode.js'
import { type ImageProcessor, isImageInput, type ProcessedImages } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import type { Model } from '../models/model.js'
import type { FloatTensor } from '../ops/index.js'
import { checkOptions } from '../options.js'
import { attempt, readList } from '../values.js'

/** Options that every call of a pipeline takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Images of one native run. A longer list runs in several batches, which bounds the memory. */
export const imagesPerRun = 8

/**
 * Returns the inputs as a list. `single` is true if the caller passed one input that was not in a list.
 * @param expected what an input can be, for the error message
 * @throws EMPTY_BATCH, INPUT_INVALID
 */
export function asList<T>(
  inputs: T | readonly T[],
  accepts: (value: unknown) => value is T,
  expected: string,
  what: string,
): { list: readonly T[]; single: boolean } {
  const single = attempt(() => Array.isArray(inputs)) !== true
  const names = { what, expected: `${expected}, or a list`, item: expected, noun: 'input' }
  const list = readList(single ? [inputs] : inputs, accepts, names)
  if (list.length === 0) throw invalid('EMPTY_BATCH', what, 'at least one input', 'none')
  return { list, single }
}

/** Options of calls on images. */
export interface ImageCallOptions extends CallOptions, Pick<DecodeOptions, 'maxPixels' | 'svg'> {}

const imageOptionNames = ['signal', 'maxPixels', 'svg'] as const

/** A model that takes pixel values. */
export interface ImageModel extends Model {
  run(inputs: ProcessedImages, options?: { readonly signal?: AbortSignal | undefined }): Promise<ImageOutputs>
}

/** Outputs of image models. Which ones there are depends on the model's heads. */
export interface ImageOutputs {
  readonly logits?: FloatTensor | undefined
  readonly lastHiddenState?: FloatTensor | undefined
  readonly poolerOutput?: FloatTensor | undefined
  /** Of models that compare texts with images. */
  readonly visionModelOutput?: Omit<ImageOutputs, 'logits'> | undefined
  readonly imageEmbeds?: FloatTensor | undefined
  readonly predictedDepth?: FloatTensor | undefined
}

/** Runs a model on images in batches of {@link imagesPerRun}, in order. */
export async function* runImages(
  images: readonly ImageInput[],
  model: Pick<ImageModel, 'run'>,
  processor: ImageProcessor,
  options: ImageCallOptions,
): AsyncGenerator<ImageOutputs> {
  const { maxPixels, svg, signal } = options
  const decoding = { maxPixels, svg, signal }
  for (let start = 0; start < images.length; start += imagesPerRun) {
    const inputs = await processor.prepare(images.slice(start, start + imagesPerRun), decoding, start)
    using _ = inputs.pixelValues
    yield await model.run(inputs, { signal })
  }
}

/** Checks the inputs and options of an image pipeline's call. @returns copies of both */
export function imageCall<Options extends ImageCallOptions>(
  inputs: ImageInput | readonly ImageInput[],
  options: Options,
  names: readonly string[],
  task: string,
) {
  const given = checkOptions(options, [...imageOptionNames, ...names], task)
  return { ...asList(inputs, isImageInput, 'an image', task), options: given }
}
