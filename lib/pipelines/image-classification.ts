import { invalid } from '../errors.js'
import { type Config, isSet, oneOf } from '../files/config.js'
import { sizesOf } from '../graph/shape.js'
import type { ImageProcessor } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import { unnamedLabel } from '../models/labels.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import { evaluate } from '../tensor/evaluate.js'
import { Turns } from '../turns.js'
import { type ImageCallOptions, type ImageModel, imageCall, runImages } from './base.js'

/** A class and its score. */
export interface Classification {
  readonly label: string
  /** Probability, 0 to 1; with `function_to_apply: 'none'` the logit. */
  readonly score: number
}

export const scoreFunctions = ['sigmoid', 'softmax', 'none'] as const
export type ScoreFunction = (typeof scoreFunctions)[number]

export interface ImageClassificationOptions extends ImageCallOptions {
  /** Number of classes to return, by descending score. Default 5; null: all. */
  readonly top_k?: number | null | undefined
  /**
   * How scores are computed from logits. Default, as in transformers: sigmoid for one class and for models whose
   * problem_type is multi_label_classification, else softmax.
   */
  readonly function_to_apply?: ScoreFunction | null | undefined
}

const task = 'image-classification'
/** Milliseconds of making results, of which there are 20,000 or more for some models, in one turn of the event loop. */
const sliceMs = 5

/** Classifies images: for each image, the classes by descending score. */
export class ImageClassification {
  readonly task = task
  readonly model: ImageModel
  readonly processor: ImageProcessor
  readonly #severalLabels: boolean

  /** @throws CONFIG_INVALID for a problem_type that transformers does not have */
  constructor(model: ImageModel, processor: ImageProcessor) {
    this.#severalLabels = hasSeveralLabels(model.config)
    this.model = model
    this.processor = processor
  }

  /** Returns a list of classes for one image, and a list of such lists for a list of images. */
  async call(images: ImageInput, options?: ImageClassificationOptions): Promise<Classification[]>
  async call(images: readonly ImageInput[], options?: ImageClassificationOptions): Promise<Classification[][]>
  async call(images: ImageInput | readonly ImageInput[], given: ImageClassificationOptions = {}) {
    const { list, single, options } = imageCall(images, given, ['top_k', 'function_to_apply'], task)
    const count = options.top_k === null ? Number.POSITIVE_INFINITY : (options.top_k ?? 5)
    if (typeof count !== 'number' || !(count >= 1))
      optionInvalid(`${task}: top_k`, options.top_k, '1 or more, or null')
    const { function_to_apply: asked, signal } = options
    if (asked !== undefined && asked !== null && !scoreFunctions.includes(asked))
      optionInvalid(`${task}: function_to_apply`, asked, `one of ${scoreFunctions.join(', ')}`)
    const results: Classification[][] = []
    const turns = new Turns(sliceMs, signal)
    for await (const { logits } of runImages(list, this.model, this.processor, options)) {
      if (!logits) throw invalid('TASK_UNSUPPORTED', `${task}: model`, 'a classification head', 'none')
      const scores = scoresOf(logits, asked ?? this.#defaultFunction(logits.shape[1]!))
      const [rows, classes] = sizesOf(scores.shape, 2)
      const most = Math.min(Math.floor(count), classes)
      const { values, indices } = ops.topK(scores, most)
      await evaluate([values, indices], { signal })
      const [best, ids] = [await values.data(), await indices.data()]
      for (let row = 0; row < rows; row++) {
        const label = (rank: number) => this.#label(ids[row * most + rank]!)
        const ofRow = best.subarray(row * most, (row + 1) * most)
        results.push(Array.from(ofRow, (score, rank) => ({ label: label(rank), score })))
        await turns.step()
      }
    }
    return single ? results[0]! : results
  }

  #defaultFunction(classes: number): ScoreFunction {
    return this.#severalLabels || classes === 1 ? 'sigmoid' : 'softmax'
  }

  #label(id: number): string {
    return this.model.info.labels?.[id] ?? unnamedLabel(id)
  }
}

const severalLabels = 'multi_label_classification'
const problemTypes = ['regression', 'single_label_classification', severalLabels]

function hasSeveralLabels(config: Config): boolean {
  return isSet(config, 'problem_type') && oneOf(config, 'problem_type', problemTypes) === severalLabels
}

/** logits float32 [B, classes]. */
function scoresOf(logits: ops.FloatTensor, name: ScoreFunction): ops.FloatTensor {
  if (name === 'none') return logits
  return name === 'sigmoid' ? ops.sigmoid(logits) : ops.softmax(logits)
}
