// What models have in common that compare texts with images (CLIP and its descendants).

import { invalid } from '../errors.js'
import type { Mask } from '../nn/mask.js'
import { requireTensor } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInputNames } from './input-names.js'
import { Model, type ModelParts } from './model.js'
import { checkStatesOptions, type States, type StatesOptions } from './run-options.js'
import type { TextForm } from './text-form.js'
import { type TextInputs, textInputNames } from './text-inputs.js'

/** A batch of images. */
export interface ContrastiveImages {
  /**
   * float32 [images, channels, height, width], as image processors return them; for NaFlex models
   * [images, patches, patch height * patch width * channels].
   */
  readonly pixelValues: ops.FloatTensor
  /** [images, patches]: 1 for patches, 0 for padding. NaFlex only. Default: no padding. */
  readonly pixelAttentionMask?: Mask | undefined
  /** [images, 2]: height and width of each image in patches. NaFlex only. */
  readonly spatialShapes?: Tensor<'int64' | 'int32'> | undefined
}

export const contrastiveImageNames = ['pixelValues', 'pixelAttentionMask', 'spatialShapes'] as const

/** Texts, images, or both. Their numbers may differ. */
export interface ContrastiveInputs extends Partial<TextInputs>, Partial<ContrastiveImages> {}

export interface ContrastiveOptions extends StatesOptions {
  /** Accept images of other sizes and resize the position embeddings. Default false. */
  readonly interpolatePositions?: boolean | undefined
}

/** Output of one of the two encoders for B texts or images of N tokens: float32. */
export interface EncoderOutput extends States {
  /** [B, N, width]; of a convolution network [B, width, H, W]. */
  readonly lastHiddenState: ops.FloatTensor
  /** [B, width]: a text or an image as one vector. */
  readonly poolerOutput: ops.FloatTensor
}

/** Results: float32, computed. Those of texts or images are undefined without such inputs. */
export interface ContrastiveOutput {
  /** Scaled cosine similarities: [images, texts], and the transposed matrix. */
  readonly logitsPerImage?: ops.FloatTensor
  readonly logitsPerText?: ops.FloatTensor
  /** [texts, width] and [images, width]: vectors of length 1 in the shared space. */
  readonly textEmbeds?: ops.FloatTensor
  readonly imageEmbeds?: ops.FloatTensor
  /** The same before they are scaled to length 1. */
  readonly textFeatures?: ops.FloatTensor
  readonly imageFeatures?: ops.FloatTensor
  readonly textModelOutput?: EncoderOutput
  readonly visionModelOutput?: EncoderOutput
}

/**
 * The checks that do not depend on the model.
 * @param names those of the model's inputs
 * @throws OPTION_UNKNOWN, OPTION_INVALID, INPUT_INVALID
 */
export function checkContrastive(
  inputs: ContrastiveInputs,
  options: ContrastiveOptions,
  what: string,
  names: readonly string[] = [...textInputNames, ...contrastiveImageNames],
): void {
  checkInputNames(inputs, names, what)
  checkStatesOptions(options, what, ['interpolatePositions'])
  if (Object.values(inputs).every((tensor) => tensor === undefined))
    throw invalid('INPUT_INVALID', what, 'inputIds, pixelValues or both', 'neither')
}

/** The images among inputs, or undefined. @throws INPUT_INVALID for a mask or shapes without pixel values */
export function imagesOf(inputs: ContrastiveInputs): ContrastiveImages | undefined {
  const { pixelValues } = inputs
  if (contrastiveImageNames.every((name) => inputs[name] === undefined)) return undefined
  requireTensor(pixelValues, 'pixelValues')
  return { ...inputs, pixelValues }
}

/** Output of one of the two encoders, and the pooled vectors projected to the shared space. */
export interface Projected {
  readonly output: EncoderOutput
  /** float32 [B, width]. */
  readonly features: ops.FloatTensor
}

/** How cosine similarities become logits. */
export interface Similarity {
  /** float32 []: factor of the cosine similarities. */
  readonly scale: ops.FloatTensor
  /** float32 []: added to the scaled similarities (SigLIP). */
  readonly bias?: ops.FloatTensor | undefined
  /** How the logits of an image become scores of its texts: they compete, or each is scored by itself (SigLIP). */
  readonly scores: 'softmax' | 'sigmoid'
}

/** A model that encodes texts and images as vectors in one space, and compares them. */
export abstract class ContrastiveModel extends Model {
  readonly similarity: Similarity
  readonly textForm: TextForm

  constructor(parts: ModelParts, similarity: Similarity, textForm: TextForm) {
    super(parts)
    this.similarity = similarity
    this.textForm = textForm
  }

  /** Encodes texts, images or both, and compares them. */
  abstract run(inputs: ContrastiveInputs, options?: ContrastiveOptions): Promise<ContrastiveOutput>

  /**
   * Logits of vectors of length 1, such as those of labels that are encoded once.
   * @returns float32 [images, texts], lazy
   */
  compare(textEmbeds: ops.FloatTensor, imageEmbeds: ops.FloatTensor): ops.FloatTensor {
    this.checkAlive()
    return ops.permute(logitsPerText(textEmbeds, imageEmbeds, this.similarity), [1, 0])
  }
}

/** Compares texts with images. */
export function contrast(
  text: Projected | undefined,
  image: Projected | undefined,
  similarity: Pick<Similarity, 'scale' | 'bias'>,
): ContrastiveOutput {
  const textEmbeds = text && unitLength(text.features)
  const imageEmbeds = image && unitLength(image.features)
  const output: ContrastiveOutput = {
    ...(text && textEmbeds && { textEmbeds, textFeatures: text.features, textModelOutput: text.output }),
    ...(image &&
      imageEmbeds && { imageEmbeds, imageFeatures: image.features, visionModelOutput: image.output }),
  }
  if (!textEmbeds || !imageEmbeds) return output
  const logits = logitsPerText(textEmbeds, imageEmbeds, similarity)
  return { ...output, logitsPerText: logits, logitsPerImage: ops.permute(logits, [1, 0]) }
}

function logitsPerText(
  textEmbeds: ops.FloatTensor,
  imageEmbeds: ops.FloatTensor,
  { scale, bias }: Pick<Similarity, 'scale' | 'bias'>,
): ops.FloatTensor {
  const scaled: ops.FloatTensor = ops.mul(ops.matmul(textEmbeds, ops.permute(imageEmbeds, [1, 0])), scale)
  return bias ? ops.add(scaled, bias) : scaled
}

function unitLength(x: ops.FloatTensor): ops.FloatTensor {
  return ops.div(x, ops.sqrt(ops.sum(ops.square(x), -1, { keepDims: true })))
}
