import type { ImageProcessor } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import { getLimits } from '../limits.js'
import type { ContrastiveModel } from '../models/contrastive.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { isString } from '../values.js'
import { asList, type ImageCallOptions, imageCall, runImages } from './base.js'
import type { Embedder } from './embedder.js'
import type { Classification } from './image-classification.js'

export interface ZeroShotImageClassificationOptions extends ImageCallOptions {
  /** The text of a label: `{}` stands for it. Default 'This is a photo of {}'. */
  readonly hypothesis_template?: string | undefined
}

const task = 'zero-shot-image-classification'

/**
 * Scores labels that the model was not trained on: each becomes a text, which is compared with the image. The scores of
 * an image add up to 1, except for models that score each text by itself (SigLIP). The vectors of labels are kept between
 * calls.
 */
export class ZeroShotImageClassification {
  readonly task = task
  readonly model: ContrastiveModel
  readonly processor: ImageProcessor
  readonly tokenizer: Tokenizer
  readonly #embedder: Embedder
  /** Vectors of texts, the last used last. */
  readonly #kept = new Map<string, Float32Array>()

  constructor(embedder: Embedder) {
    this.#embedder = embedder
    this.model = embedder.model
    this.processor = embedder.processor
    this.tokenizer = embedder.tokenizer
  }

  /**
   * Returns the labels of one image by descending score, and a list of such lists for a list of images.
   * @throws INPUT_INVALID, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED; the errors of decoding
   */
  async call(
    images: ImageInput,
    candidate_labels: readonly string[],
    options?: ZeroShotImageClassificationOptions,
  ): Promise<Classification[]>
  async call(
    images: readonly ImageInput[],
    candidate_labels: readonly string[],
    options?: ZeroShotImageClassificationOptions,
  ): Promise<Classification[][]>
  async call(
    images: ImageInput | readonly ImageInput[],
    candidate_labels: readonly string[],
    given: ZeroShotImageClassificationOptions = {},
  ) {
    const { list, single, options } = imageCall(images, given, ['hypothesis_template'], task)
    const { hypothesis_template: template = 'This is a photo of {}', signal } = options
    if (!isString(template) || !template.includes('{}'))
      optionInvalid(`${task}: hypothesis_template`, template, "a text with '{}' in the place of the label")
    const { list: labels } = asList(candidate_labels, isString, 'a label', `${task}: candidate_labels`)
    // A function as the replacement: '$' of a label has no meaning there.
    const texts = labels.map((label) => template.replace('{}', () => label))
    using textEmbeds = await this.#textEmbeds(texts, signal)
    const results: Classification[][] = []
    for await (const { imageEmbeds } of runImages(list, this.model, this.processor, options)) {
      const logits = this.model.compare(textEmbeds, imageEmbeds!)
      const scores = this.model.similarity.scores === 'softmax' ? ops.softmax(logits) : ops.sigmoid(logits)
      const rows = (await scores.toArray({ signal })) as number[][]
      results.push(...rows.map((row) => sorted(labels, row)))
    }
    return single ? results[0]! : results
  }

  /** Vectors of texts, float32 [texts, width]; those that are not kept are computed, once each. */
  async #textEmbeds(texts: readonly string[], signal: AbortSignal | undefined): Promise<ops.FloatTensor> {
    const known = new Map<string, Float32Array>()
    for (const text of texts) {
      const vector = this.#kept.get(text)
      if (vector) known.set(text, vector)
    }
    const missing = [...new Set(texts)].filter((text) => !known.has(text))
    if (missing.length > 0) {
      const { data, dims } = await this.#embedder.texts(missing, { signal })
      const width = dims[1]!
      for (const [index, text] of missing.entries())
        known.set(text, data.slice(index * width, (index + 1) * width))
    }
    this.#keep(known)
    const width = known.get(texts[0]!)!.length
    const all = new Float32Array(texts.length * width)
    for (const [index, text] of texts.entries()) all.set(known.get(text)!, index * width)
    return Tensor.from(all, [texts.length, width], 'float32')
  }

  #keep(used: ReadonlyMap<string, Float32Array>): void {
    for (const [text, vector] of used) {
      this.#kept.delete(text)
      this.#kept.set(text, vector)
    }
    const surplus = this.#kept.size - getLimits().keptTexts
    for (const text of [...this.#kept.keys()].slice(0, Math.max(0, surplus))) this.#kept.delete(text)
  }
}

function sorted(labels: readonly string[], scores: readonly number[]): Classification[] {
  return labels.map((label, index) => ({ label, score: scores[index]! })).sort((a, b) => b.score - a.score)
}
