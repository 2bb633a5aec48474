import type { TokenIds } from '../../nn/embedding.js'
import { causalCall } from '../../nn/mask.js'
import { statesAt } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import {
  type ContrastiveInputs,
  type ContrastiveOptions,
  type ContrastiveOutput,
  checkContrastive,
  contrast,
  type Projected,
} from '../contrastive.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { statesOf } from '../run-options.js'
import { checkTexts, type TextInputs, textsOf } from '../text-inputs.js'
import { checkPixels } from '../vit/inputs.js'
import type { ClipConfig } from './config.js'
import type { ClipModules } from './modules.js'

/** CLIP (Radford et al. 2021): encodes texts and images as vectors in one space, and compares them. */
export class Clip extends Model {
  readonly #config: ClipConfig
  readonly #modules: ClipModules

  /** Use load(). */
  constructor(parts: ModelParts, config: ClipConfig, modules: ClipModules) {
    super(parts)
    this.#config = config
    this.#modules = modules
  }

  /**
   * Encodes texts, images or both, and compares them. A text is pooled at its end token, an image at its class token.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async run(inputs: ContrastiveInputs, options: ContrastiveOptions = {}): Promise<ContrastiveOutput> {
    this.checkAlive()
    checkContrastive(inputs, options, 'Clip.run')
    const texts = textsOf(inputs)
    if (texts) await checkTexts(texts, this.#config.text)
    const text = texts && this.#encodeTexts(texts, options)
    const { pixelValues } = inputs
    const image = pixelValues === undefined ? undefined : this.#encodeImages(pixelValues, options)
    const output = contrast(text, image, ops.exp(this.#modules.logitScale))
    await this.compute(tensorsOf(output), options)
    return output
  }

  #encodeTexts({ inputIds, attentionMask, positionIds }: TextInputs, options: ContrastiveOptions): Projected {
    const { words, positions, text } = this.#modules
    const position = positionIds ? positions.forward(positionIds) : positions.first(inputIds.shape[1]!)
    const x: ops.FloatTensor = ops.add(words.forward(inputIds), position)
    const stack = text.forward(x, { ...causalCall(attentionMask), weights: options.attentions })
    const last = text.norm.forward(stack.last)
    const pooled = statesAt(last, endPositions(inputIds, this.#config.text.endToken))
    const output = { lastHiddenState: last, poolerOutput: pooled, ...statesOf(stack, options) }
    return { output, features: text.projection.forward(pooled) }
  }

  #encodeImages(pixelValues: ops.FloatTensor, options: ContrastiveOptions): Projected {
    const { interpolatePositions = false, attentions: weights } = options
    const { patches, image } = this.#modules
    const pixels = checkPixels(this.#config.image, pixelValues, interpolatePositions)
    const stack = image.forward(patches.forward(pixels, interpolatePositions), { weights })
    const pooled = image.norm.forward(ops.select(stack.last, 1, 0))
    const output = { lastHiddenState: stack.last, poolerOutput: pooled, ...statesOf(stack, options) }
    return { output, features: image.projection.forward(pooled) }
  }
}

/** Position of each text's first end token, or of its largest id if the end token is not known: int32 [B]. */
function endPositions(inputIds: TokenIds, endToken: number | undefined): Tensor<'int32'> {
  const ids: Tensor<'int32'> = ops.cast(inputIds as Tensor, 'int32')
  return ops.argmax(ops.cast(endToken === undefined ? ids : ops.equal(ids, endToken), 'float32'), 1)
}
