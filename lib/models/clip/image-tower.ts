import { paddingMask } from '../../nn/mask.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ContrastiveImages, ContrastiveOptions, Projected } from '../contrastive.js'
import { statesOf } from '../run-options.js'
import { patchGrid, prefixLength } from '../vit/grid.js'
import { readBody, readEmbedding, type VitModules } from '../vit/read.js'
import { FixedEmbedding, type ImageEmbedding } from './image-embedding.js'
import { NaflexEmbedding } from './naflex.js'
import { Projection } from './projection.js'
import type { ImageSpec } from './spec.js'

/** Images as vectors, and what a classifier of their tokens needs. */
export interface EncodedImages extends Projected {
  /** bool [B, N]: false for padding; undefined if there is none. */
  readonly kept: Tensor<'bool'> | undefined
}

/** Encodes images: a vision Transformer, whose pooled output is projected. */
export class ImageTower {
  readonly spec: ImageSpec
  readonly #embedding: ImageEmbedding
  readonly #body: Omit<VitModules, 'embedding'>
  readonly #projection: Projection

  constructor(reader: WeightReader, spec: ImageSpec) {
    this.spec = spec
    const trunk = spec.scope === undefined ? reader : reader.scope(spec.scope)
    this.#embedding = spec.naflex
      ? NaflexEmbedding.read(trunk, spec)
      : new FixedEmbedding(readEmbedding(trunk, spec.vit, spec.names))
    this.#body = readBody(trunk, spec.vit, spec.names)
    // A classifier of timm's trunk is a projection too.
    const inputs = spec.vit.head.classes || spec.vit.width
    this.#projection = new Projection(reader, spec.projection, inputs)
  }

  /** Whether pooled outputs are projected to the shared space. */
  get projects(): boolean {
    return this.spec.projection.length > 0
  }

  /** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, INPUT_INVALID, LIMIT_EXCEEDED */
  async forward(images: ContrastiveImages, options: ContrastiveOptions): Promise<EncodedImages> {
    const { interpolatePositions = false, attentions: weights } = options
    const { rotary, layers, norm, head } = this.#body
    const { tokens, kept, size } = await this.#embedding.forward(images, interpolatePositions)
    const mask = kept && paddingMask(kept)
    const { vit } = this.spec
    const rotationOf = size && rotary?.rotations(patchGrid(vit, size), prefixLength(vit.prefix))
    const stack = runStack(layers, tokens, {
      self: (layer) => ({ mask, weights, rotation: rotationOf?.(layer) }),
    })
    const last = norm?.forward(stack.last) ?? stack.last
    const { pooled, logits = pooled } = head.forward(last, mask)
    const output = { lastHiddenState: last, poolerOutput: pooled, ...statesOf(stack, options) }
    return { output, features: this.#projection.forward(logits), kept }
  }
}

/** The mean of the tokens that are no padding: x float32 [B, N, width] to [B, width]. */
export function meanOfTokens(x: ops.FloatTensor, kept: Tensor<'bool'> | undefined): ops.FloatTensor {
  if (!kept) return ops.mean(x, 1)
  const weights: ops.FloatTensor = ops.cast(ops.unsqueeze(kept, 2), 'float32')
  return ops.div(ops.sum(ops.mul(x, weights), 1), ops.sum(weights, 1))
}
