import { invalid } from '../errors.js'
import type { ImageProcessor } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import { unnamedLabels } from '../models/labels.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import { type ImageCallOptions, type ImageModel, imageCall, runImages } from './base.js'

/** A class and its probability. */
export interface Classification {
  readonly label: string
  /** Probability, 0 to 1. */
  readonly score: number
}

export interface ImageClassificationOptions extends ImageCallOptions {
  /** Number of classes to return, by descending probability. Default 5; null: all. */
  readonly top_k?: number | null | undefined
}

const task = 'image-classification'

/** Classifies images: for each image, the classes by descending probability. */
export class ImageClassification {
  readonly task = task
  readonly model: ImageModel
  readonly processor: ImageProcessor

  constructor(model: ImageModel, processor: ImageProcessor) {
    this.model = model
    this.processor = processor
  }

  /** Returns a list of classes for one image, and a list of such lists for a list of images. */
  async call(images: ImageInput, options?: ImageClassificationOptions): Promise<Classification[]>
  async call(images: readonly ImageInput[], options?: ImageClassificationOptions): Promise<Classification[][]>
  async call(images: ImageInput | readonly ImageInput[], given: ImageClassificationOptions = {}) {
    const { list, single, options } = imageCall(images, given, ['top_k'], task)
    const count = options.top_k === null ? Number.POSITIVE_INFINITY : (options.top_k ?? 5)
    if (typeof count !== 'number' || !(count >= 1))
      optionInvalid(`${task}: top_k`, options.top_k, '1 or more, or null')
    const results: Classification[][] = []
    for await (const { logits } of runImages(list, this.model, this.processor, options)) {
      if (!logits) throw invalid('TASK_UNSUPPORTED', `${task}: model`, 'a classification head', 'none')
      const { signal } = options
      const rows = (await ops.softmax(logits).toArray({ signal })) as number[][]
      results.push(...rows.map((row) => this.#best(row, count)))
    }
    return single ? results[0]! : results
  }

  #best(probabilities: readonly number[], count: number): Classification[] {
    const { labels } = this.model.info
    const unnamed = unnamedLabels(probabilities.length)
    return probabilities
      .map((score, id) => ({ label: labels?.[id] ?? unnamed[id]!, score }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
  }
}
