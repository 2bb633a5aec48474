import { sizesOf } from '../../graph/shape.js'
import { runStack } from '../../nn/stack.js'
import type { FloatTensor } from '../../ops/index.js'
import { maskedPixelLoss } from '../masked-loss.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { gridOf, patchGrid, prefixLength } from './grid.js'
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
import type { VitSpec } from './spec.js'

/** Results of a vision Transformer. */
export interface VitResult {
  /** float32 [B, classes]; for models with a classifier. */
  readonly logits?: FloatTensor
  /** float32 [B, classes]: logits of the class token and of the distillation token, whose mean is `logits` (DeiT). */
  readonly classLogits?: FloatTensor
  readonly distillationLogits?: FloatTensor
  /** float32 [B, tokens, width]: output of the last layer, after the final norm if there is one. */
  readonly lastHiddenState: FloatTensor
  /** float32 [B, features]: the pooled vector of the image, which is the input of the classifier. */
  readonly poolerOutput: FloatTensor
  /** float32 [B, channels, height, width]; for models with a decoder. */
  readonly reconstruction?: FloatTensor
  /** float32 []: mean absolute error of the pixels of masked patches; for models with a decoder, with `maskedPatches`. */
  readonly loss?: FloatTensor
  /** float32 [B, tokens, width] each: the embeddings, then the output of each layer. */
  readonly hiddenStates?: readonly FloatTensor[]
  /** float32 [B, heads, queries, tokens] for each requested layer, in the order of the request. */
  readonly attentions?: readonly FloatTensor[]
}

/**
 * A vision Transformer (Dosovitskiy et al. 2020; DeiT, DINO, DINOv2 and others, according to its spec): each patch of an
 * image becomes a token; Transformer layers and a head follow.
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
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH (rank, channels, a size that the model does not accept),
   *   EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, INDEX_OUT_OF_RANGE (a layer or query that does not exist), ABORTED,
   *   DISPOSED, OUT_OF_MEMORY
   */
  async run(inputs: VitInputs, options: VitOptions = {}): Promise<VitResult> {
    this.checkAlive()
    checkCall(inputs, options)
    const { hiddenStates, attentions, interpolatePositions = false, ...run } = options
    const { embedding, rotary, layers, norm, head, decoder } = this.modules
    const pixels = checkPixels(this.spec, inputs.pixelValues, interpolatePositions)
    const masked = checkMasked(this.spec, inputs.maskedPatches, pixels.shape)
    const [, , height, width] = sizesOf(pixels.shape, 4)
    const plan = planAttentions(this.spec, attentions, tokenCount(this.spec, height, width))

    const tokens = embedding.forward(pixels, interpolatePositions, masked)
    const rotationOf = rotary?.rotations(
      patchGrid(this.spec, [height, width]),
      prefixLength(this.spec.prefix),
    )
    const stack = runStack(layers, tokens, {
      self: (layer) => ({ weights: plan.get(layer), rotation: rotationOf?.(layer) }),
    })
    const last = norm?.forward(stack.last) ?? stack.last
    const { pooled, ...logits } = head.forward(last)
    const reconstruction = decoder?.forward(last, gridOf([height, width], this.spec.patch))
    const loss = reconstruction && masked && maskedPixelLoss(reconstruction, pixels, masked, this.spec.patch)
    const result: VitResult = {
      ...logits,
      lastHiddenState: last,
      poolerOutput: pooled,
      ...(reconstruction && { reconstruction }),
      ...(loss && { loss }),
      ...(hiddenStates && { hiddenStates: stack.hiddenStates }),
      ...(attentions && { attentions: [...plan.keys()].map((layer) => stack.attentions.get(layer)!) }),
    }
    await this.compute(tensorsOf(result), run)
    return result
  }
}
