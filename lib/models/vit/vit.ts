import type { Mask } from '../../nn/mask.js'
import { runStack } from '../../nn/stack.js'
import type { FloatTensor } from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { Model, type ModelParts, type NamedTensors, type ReferenceCall } from '../model.js'
import { tensorsOf } from '../reference.js'
import type { Headed } from './head.js'
import {
  type AttentionPlan,
  checkCall,
  checkMasked,
  checkPixels,
  planAttentions,
  tokenCount,
  type VitInputs,
  type VitOptions,
} from './inputs.js'
import type { VitModules } from './read.js'
import { gridOf, type Size, type VitSpec } from './spec.js'

/** What a vision Transformer gives. */
export interface VitResult {
  /** float32 [B, classes]; of models with a classifier. */
  readonly logits?: FloatTensor
  /** float32 [B, tokens, width]: behind the last block and the final norm, if there is one. */
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

/** All that a forward pass can give. Nothing of it is computed until it is asked for. */
export interface VitStates {
  /** The embedding, then the result of each block. */
  readonly states: readonly FloatTensor[]
  /** By layer, where they were asked for. */
  readonly attentions: ReadonlyMap<number, FloatTensor>
  readonly last: FloatTensor
  readonly head: Headed
  readonly reconstruction?: FloatTensor | undefined
}

/** What is particular to one published form of a model. */
export interface VitParts extends ModelParts {
  readonly spec: VitSpec
  readonly modules: VitModules
  /** Whether a stored run asked for other positions, by the words its library has for that. */
  readonly interpolates: (call: ReferenceCall['call']) => boolean
  /** Names results as the library does that published the model. */
  readonly publish: (states: VitStates, modules: VitModules) => NamedTensors
}

/**
 * A vision Transformer (Dosovitskiy et al. 2020; DeiT, DINO, DINOv2 and others, which its spec tells apart): an image
 * is cut into patches, each becomes a token; blocks of attention and MLP follow, then a head.
 */
export class Vit extends Model {
  readonly spec: VitSpec
  readonly modules: VitModules
  readonly #interpolates: VitParts['interpolates']
  readonly #publish: VitParts['publish']

  constructor(parts: VitParts) {
    super(parts)
    this.spec = parts.spec
    this.modules = parts.modules
    this.#interpolates = parts.interpolates
    this.#publish = parts.publish
  }

  /** The graph of a pass over images that were checked. */
  forward(
    pixels: FloatTensor,
    interpolate: boolean,
    asked: AttentionPlan,
    masked?: Tensor<'bool'>,
  ): VitStates {
    const { embedding, layers, norm, head, decoder } = this.modules
    const tokens = embedding.forward(pixels, interpolate, masked)
    const stack = runStack(layers, tokens, { self: (layer) => ({ weights: asked.get(layer) }) })
    const last = norm?.forward(stack.last) ?? stack.last
    const grid = gridOf(pixels.shape.slice(2) as unknown as Size, this.spec.patch)
    return {
      states: stack.hiddenStates,
      attentions: stack.attentions,
      last,
      head: head.forward(last),
      reconstruction: decoder?.forward(last, grid),
    }
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
    const { interpolatePositions = false, signal, threads = this.settings.threads } = options
    const pixels = checkPixels(this.spec, inputs.pixelValues, interpolatePositions)
    const masked = checkMasked(this.spec, inputs.maskedPatches, pixels.shape)
    const asked = this.#plan(pixels, options.attentions)
    const made = this.forward(pixels, interpolatePositions, asked, masked)
    const { states, attentions, last, head, reconstruction } = made
    const result: VitResult = {
      ...(head.logits && { logits: head.logits }),
      lastHiddenState: last,
      poolerOutput: head.pooled,
      ...(reconstruction && { reconstruction }),
      ...(options.hiddenStates && { hiddenStates: states }),
      ...(options.attentions && { attentions: [...asked.keys()].map((layer) => attentions.get(layer)!) }),
    }
    await this.compute(tensorsOf({ ...result }), { signal, threads })
    return result
  }

  async reference({ inputs, call }: ReferenceCall): Promise<NamedTensors> {
    this.checkAlive()
    const interpolate = this.#interpolates(call)
    const pixels = checkPixels(this.spec, inputs.pixel_values, interpolate)
    const masked = checkMasked(this.spec, inputs.bool_masked_pos as Mask | undefined, pixels.shape)
    return this.#publish(this.forward(pixels, interpolate, this.#plan(pixels, true), masked), this.modules)
  }

  #plan(pixels: FloatTensor, request: VitOptions['attentions']): AttentionPlan {
    const [height, width] = pixels.shape.slice(2) as [number, number]
    return planAttentions(this.spec, request, tokenCount(this.spec, height, width))
  }
}
