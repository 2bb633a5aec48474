import type { Linear } from '../../nn/linear.js'
import { requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import {
  type ContrastiveImages,
  type ContrastiveOptions,
  contrastiveImageNames,
  type EncoderOutput,
} from '../contrastive.js'
import { checkInputNames } from '../input-names.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import { type TextInputs, textInputNames } from '../text-inputs.js'
import { type ImageTower, meanOfTokens } from './image-tower.js'
import type { TextTower } from './text-tower.js'

/** Results of a text encoder: float32, computed. */
export interface TextEncoderOutput extends EncoderOutput {
  /** [B, width]: vectors in the shared space, not scaled to length 1; for classes with a projection. */
  readonly textEmbeds?: ops.FloatTensor
}

/** The text encoder of a CLIP or SigLIP alone. */
export class TextEncoder extends Model {
  readonly #tower: TextTower

  /** Use load(). */
  constructor(parts: ModelParts, tower: TextTower) {
    super(parts)
    this.#tower = tower
  }

  /**
   * Encodes texts.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async run(inputs: TextInputs, options: StatesOptions = {}): Promise<TextEncoderOutput> {
    this.checkAlive()
    checkInputNames(inputs, textInputNames, 'TextEncoder.run')
    checkStatesOptions(options, 'TextEncoder.run')
    requireTensor(inputs.inputIds, 'inputIds')
    const { output, features } = await this.#tower.forward(inputs, options)
    const result = { ...output, ...(this.#tower.projects && { textEmbeds: features }) }
    await this.compute(tensorsOf(result), options)
    return result
  }
}

/** Results of an image encoder: float32, computed. */
export interface ImageEncoderOutput extends Omit<EncoderOutput, 'poolerOutput'> {
  /** [B, width]: an image as one vector; undefined for a model without a pooling. */
  readonly poolerOutput?: ops.FloatTensor
  /** [B, width]: vectors in the shared space, not scaled to length 1; for classes with a projection. */
  readonly imageEmbeds?: ops.FloatTensor
  /** [B, classes]; for classes with a classifier. */
  readonly logits?: ops.FloatTensor
}

/** The image encoder of a CLIP or SigLIP alone, and in some classes a classifier of the mean of its patches. */
export class ImageEncoder extends Model {
  readonly #tower: ImageTower
  readonly #classifier: Linear | undefined

  /** Use load(). */
  constructor(parts: ModelParts, tower: ImageTower, classifier: Linear | undefined) {
    super(parts)
    this.#tower = tower
    this.#classifier = classifier
  }

  /**
   * Encodes images.
   * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, INPUT_INVALID, OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED,
   *   DISPOSED, ABORTED
   */
  async run(inputs: ContrastiveImages, options: ContrastiveOptions = {}): Promise<ImageEncoderOutput> {
    this.checkAlive()
    checkInputNames(inputs, contrastiveImageNames, 'ImageEncoder.run')
    checkStatesOptions(options, 'ImageEncoder.run', ['interpolatePositions'])
    const { output, features, kept } = await this.#tower.forward(inputs, options)
    const { poolerOutput, ...states } = output
    const { head, prefix } = this.#tower.spec.vit
    const patches: ops.FloatTensor = ops.slice(states.lastHiddenState, {
      axis: 1,
      start: Number(prefix.class),
    })
    const result = {
      ...states,
      ...(head.pooling !== 'none' && { poolerOutput }),
      ...(this.#tower.projects && { imageEmbeds: features }),
      ...(this.#classifier && { logits: this.#classifier.forward(meanOfTokens(patches, kept)) }),
    }
    await this.compute(tensorsOf(result), options)
    return result
  }
}
