import { runStack } from '../../nn/stack.js'
import type { FloatTensor } from '../../ops/index.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import {
  checkCall,
  checkMasked,
  checkPixels,
  planAttentions,
  tokenCount,
  type VitInputs,
  type VitOptions,
} from './inputs.js'
import type { VitModules } from './read.js'
import { gridOf, type VitSpec } from './spec.js'

/** What a vision Transformer gives. */
export interface VitResult {
  /** float32 [B, classes]; of models with a classifier. */
  readonly logits?: FloatTensor
  /** float32 [B, classes]: what the class token and the distillation token say, whose mean the logits are (DeiT). */
  readonly classLogits?: FloatTensor
  readonly distillationLogits?: FloatTensor
  /** float32 [B, tokens, width]: after the last layer and the final norm, if there is one. */
  readonly lastHiddenState: FloatTensor
  /** float32 [B, features]: the image as one vector, as the classifier reads it; see {@link VitSpec}. */
  readonly poolerOutput: FloatTensor
  /** float32 [B, channels, height, width]; of models trained to fill in images. */
  readonly reconstruction?: FloatTensor
  /** float32 [B, tokens, width] each: the embedding, then the result of each block. */
  readonly hiddenStates?: readonly FloatTensor[]
  /** float32 [B, heads, queries, tokens] for each layer asked for, in the order of the request. */
  readonly attentions?: readonly FloatTensor[]
}

/**
 * A vision Transformer (Dosovitskiy et al. 2020; DeiT, DINO, DINOv2 and others, which its spec tells apart): an image
 * is cut into patches, each becomes a token; layers of attention and MLP follow, then a head.
 */
export class Vit extends Model {
  readonly spec: VitSpec
  readonly modules: VitModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: VitSpec, modules: VitModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * Runs the model on a batch of images.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH (rank, channels, a size the model does not take), EMPTY_BATCH,
   *   OPTION_UNKNOWN, OPTION_INVALID, INDEX_OUT_OF_RANGE (a layer or query that is not there), ABORTED, DISPOSED,
   *   OUT_OF_MEMORY
   */
  async run(inputs: VitInputs, options: VitOptions = {}): Promise<VitResult> {
    this.checkAlive()
    checkCall(inputs, options)
    const { hiddenStates, attentions, interpolatePositions = false, ...run } = options
    const { embedding, layers, norm, head, decoder } = this.modules
    const pixels = checkPixels(this.spec, inputs.pixelValues, interpolatePositions)
    const masked = checkMasked(this.spec, inputs.maskedPatches, pixels.shape)
    const [height, width] = pixels.shape.slice(2) as [number, number]
    const plan = planAttentions(this.spec, attentions, tokenCount(this.spec, height, width))

    const tokens = embedding.forward(pixels, interpolatePositions, masked)
    const stack = runStack(layers, tokens, { self: (layer) => ({ weights: plan.get(layer) }) })
    const last = norm?.forward(stack.last) ?? stack.last
    const { pooled, ...logits } = head.forward(last)
    const result: VitResult = {
      ...logits,
      lastHiddenState: last,
      poolerOutput: pooled,
      ...(decoder && { reconstruction: decoder.forward(last, gridOf([height, width], this.spec.patch)) }),
      ...(hiddenStates && { hiddenStates: stack.hiddenStates }),
      ...(attentions && { attentions: [...plan.keys()].map((layer) => stack.attentions.get(layer)!) }),
    }
    await this.compute(tensorsOf(result), run)
    return result
  }
}
