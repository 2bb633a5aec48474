import {
  type ContrastiveInputs,
  ContrastiveModel,
  type ContrastiveOptions,
  type ContrastiveOutput,
  checkContrastive,
  contrast,
  imagesOf,
  type Similarity,
} from '../contrastive.js'
import type { ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import type { TextForm } from '../text-form.js'
import { textsOf } from '../text-inputs.js'
import type { ConvNextTower } from './convnext-tower.js'
import type { ImageTower } from './image-tower.js'
import type { ResNetTower } from './resnet-tower.js'
import type { TextTower } from './text-tower.js'

/**
 * CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023): encodes texts and images as vectors in one space, and compares
 * them.
 */
export class Clip extends ContrastiveModel {
  readonly #text: TextTower
  readonly #image: ImageTower | ResNetTower | ConvNextTower

  /** Use load(). */
  constructor(
    parts: ModelParts,
    similarity: Similarity,
    textForm: TextForm,
    text: TextTower,
    image: ImageTower | ResNetTower | ConvNextTower,
  ) {
    super(parts, similarity, textForm)
    this.#text = text
    this.#image = image
  }

  /**
   * Encodes texts, images or both, and compares them.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED, DISPOSED, ABORTED
   */
  async run(inputs: ContrastiveInputs, options: ContrastiveOptions = {}): Promise<ContrastiveOutput> {
    this.checkAlive()
    checkContrastive(inputs, options, 'Clip.run')
    const texts = textsOf(inputs)
    const images = imagesOf(inputs)
    const text = texts && (await this.#text.forward(texts, options))
    const image = images && (await this.#image.forward(images, options))
    const output = contrast(text, image, this.similarity)
    await this.compute(tensorsOf(output), options)
    return output
  }
}
