import { checkSignal } from '../abort.js'
import { invalid } from '../errors.js'
import type { ImageProcessor } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import { ContrastiveModel } from '../models/contrastive.js'
import type { Model } from '../models/model.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { isString } from '../values.js'
import { asList, type CallOptions, type ImageCallOptions, imageCall, runImages } from './base.js'
import { TensorOutput } from './tensor-output.js'
import { formTexts } from './text-form.js'

/** Texts of one native run. */
const textsPerRun = 32

/**
 * Vectors of texts and images in the one space of a model that compares them (CLIP, SigLIP): rows of length 1, whose
 * product is the cosine similarity.
 */
export class Embedder {
  readonly model: ContrastiveModel
  readonly processor: ImageProcessor
  readonly tokenizer: Tokenizer

  constructor(model: ContrastiveModel, processor: ImageProcessor, tokenizer: Tokenizer) {
    this.model = model
    this.processor = processor
    this.tokenizer = tokenizer
  }

  /**
   * Vectors of texts: float32 [texts, width]. A text that is longer than the model takes is cut.
   * @throws INPUT_INVALID, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED
   */
  async texts(texts: string | readonly string[], options: CallOptions = {}): Promise<TensorOutput> {
    const { signal } = checkOptions(options, ['signal'], 'texts')
    checkSignal(signal)
    const { list } = asList(texts, isString, 'a string', 'texts')
    const parts: ops.FloatTensor[] = []
    for (let start = 0; start < list.length; start += textsPerRun) {
      const { textForm } = this.model
      const batch = list.slice(start, start + textsPerRun)
      const inputs = await formTexts(this.tokenizer, batch, textForm, signal, 'texts', start)
      const { textEmbeds } = await this.model.run(inputs, { signal })
      parts.push(textEmbeds!)
    }
    return TensorOutput.of(ops.concat(parts), signal)
  }

  /**
   * Vectors of images: float32 [images, width].
   * @throws INPUT_INVALID, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED; the errors of decoding
   */
  async images(
    images: ImageInput | readonly ImageInput[],
    options: ImageCallOptions = {},
  ): Promise<TensorOutput> {
    const { list, options: given } = imageCall(images, options, [], 'images')
    const parts: ops.FloatTensor[] = []
    for await (const { imageEmbeds } of runImages(list, this.model, this.processor, given))
      parts.push(imageEmbeds!)
    return TensorOutput.of(ops.concat(parts), given.signal)
  }

  /** Releases the model. */
  dispose(): void {
    this.model.dispose()
  }
}

/** Narrows the type of a model that compares texts with images. @throws TASK_UNSUPPORTED */
export function contrastive(model: Model): ContrastiveModel {
  if (model instanceof ContrastiveModel) return model
  throw invalid('TASK_UNSUPPORTED', 'model', 'one that compares texts with images', model.info.layout)
}
