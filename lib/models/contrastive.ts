// What models have in common that compare texts with images (CLIP and its descendants).
import { invalid } from '../errors.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import { checkStatesOptions, type States, type StatesOptions } from './run-options.js'
import { type TextInputs, textInputNames } from './text-inputs.js'

/** Texts, images, or both. Their numbers may differ. */
export interface ContrastiveInputs extends Partial<TextInputs> {
  /** float32 [images, channels, height, width], as image processors return them. */
  readonly pixelValues?: ops.FloatTensor | undefined
}

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
 * @param more names of further inputs
 * @throws OPTION_UNKNOWN, OPTION_INVALID, INPUT_INVALID
 */
export function checkContrastive(
  inputs: ContrastiveInputs,
  options: ContrastiveOptions,
  what: string,
  more: readonly string[] = [],
): void {
  checkOptions(inputs, [...textInputNames, 'pixelValues', ...more], `${what}: inputs`)
  checkStatesOptions(options, what, ['interpolatePositions'])
  if (Object.values(inputs).every((tensor) => tensor === undefined))
    throw invalid('INPUT_INVALID', what, 'inputIds, pixelValues or both', 'neither')
}

/** Output of one of the two encoders, and the pooled vectors projected to the shared space. */
export interface Projected {
  readonly output: EncoderOutput
  /** float32 [B, width]. */
  readonly features: ops.FloatTensor
}

/**
 * Compares texts with images.
 * @param scale float32 []: factor of the cosine similarities
 */
export function contrast(
  text: Projected | undefined,
  image: Projected | undefined,
  scale: ops.FloatTensor,
): ContrastiveOutput {
  const textEmbeds = text && unitLength(text.features)
  const imageEmbeds = image && unitLength(image.features)
  const output: ContrastiveOutput = {
    ...(text && textEmbeds && { textEmbeds, textFeatures: text.features, textModelOutput: text.output }),
    ...(image &&
      imageEmbeds && { imageEmbeds, imageFeatures: image.features, visionModelOutput: image.output }),
  }
  if (!textEmbeds || !imageEmbeds) return output
  const cosines = ops.matmul(textEmbeds, ops.permute(imageEmbeds, [1, 0]))
  const logitsPerText: ops.FloatTensor = ops.mul(cosines, scale)
  return { ...output, logitsPerText, logitsPerImage: ops.permute(logitsPerText, [1, 0]) }
}

function unitLength(x: ops.FloatTensor): ops.FloatTensor {
  return ops.div(x, ops.sqrt(ops.sum(ops.square(x), -1, { keepDims: true })))
}
