import { sizesOf } from '../../graph/shape.js'
import type { Norm } from '../../nn/norm.js'
import type { PatchEmbedding } from '../../nn/patch.js'
import { resizePositions, statesAt } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { isOnRequest, positionedPrefix } from './grid.js'
import type { HybridEmbedding } from './hybrid.js'
import type { EmbeddingSpec, PositionTable, Size } from './spec.js'

/** The learned parts of an embedding. */
export interface EmbeddingParts {
  readonly patches: PatchEmbedding | HybridEmbedding
  /** float32 [1, tokens, width]: class, distillation and register tokens; undefined if there are none. */
  readonly prefix: ops.FloatTensor | undefined
  /** Position embeddings, float32 [1, positions, width]: first of the prefix tokens, then of the patches, row by row. */
  readonly positions: ops.FloatTensor | undefined
  /** float32 [1, 1, width]: replaces masked patches. */
  readonly maskToken: ops.FloatTensor | undefined
  readonly norm: Norm | undefined
}

/** Embeds images as tokens: prefix tokens (class, distillation, registers), then patches, with positions. */
export class VitEmbedding {
  readonly spec: EmbeddingSpec
  readonly parts: EmbeddingParts

  constructor(spec: EmbeddingSpec, parts: EmbeddingParts) {
    this.spec = spec
    this.parts = parts
  }

  /**
   * @param pixels float32 [B, C, H, W], checked by checkPixels
   * @param interpolate resize the position embeddings of models that do so on request only
   * @param masked bool [B, patches]: true where the mask token replaces the patch
   * @param visible int32 [B, n]: the patches to keep, in this order. Default: all
   * @returns float32 [B, tokens, width]
   */
  forward(
    pixels: ops.FloatTensor,
    interpolate: boolean,
    masked?: Tensor<'bool'>,
    visible?: Tensor<'int32'>,
  ): ops.FloatTensor {
    const size = sizesOf(pixels.shape.slice(2), 2)
    const filled = this.spec.accepts === 'padded' ? fillPatches(pixels, this.spec.patch) : pixels
    return this.place(this.parts.patches.forward(filled), size, interpolate, masked, visible)
  }

  /**
   * The rest of {@link forward}.
   * @param embedded float32 [B, rows, columns, width]: the patches without positions
   * @param size height and width of the images
   */
  place(
    embedded: ops.FloatTensor,
    size: Size,
    interpolate: boolean,
    masked?: Tensor<'bool'>,
    visible?: Tensor<'int32'>,
  ): ops.FloatTensor {
    const { prefix, norm } = this.parts
    const { width } = this.spec
    const [batch, ...grid] = sizesOf(embedded.shape.slice(0, 3), 3)
    const flat: ops.FloatTensor = ops.reshape(embedded, [batch, grid[0] * grid[1], width])
    const positions = this.#positions(grid, size, interpolate)
    const content = masked ? this.#mask(flat, masked) : flat
    const placed: ops.FloatTensor = positions.patches ? ops.add(content, positions.patches) : content
    const patchTokens = visible ? statesAt(placed, visible) : placed
    if (!prefix) return norm?.forward(patchTokens) ?? patchTokens
    const prefixTokens = withPositions(prefix, positions.prefix)
    const repeated: ops.FloatTensor = ops.expand(prefixTokens, [batch, prefixTokens.shape[1]!, width])
    const tokens = ops.concat([repeated, patchTokens], 1)
    return norm?.forward(tokens) ?? tokens
  }

  #mask(patches: ops.FloatTensor, masked: Tensor<'bool'>): ops.FloatTensor {
    const condition: Tensor<'bool'> = ops.reshape(masked, [...masked.shape, 1])
    return ops.where(condition, this.parts.maskToken!, patches)
  }

  /** Position embeddings of the prefix tokens and of a grid of patches, [1, n, width] each. */
  #positions(grid: Size, size: Size, interpolate: boolean) {
    const { positions: table } = this.parts
    const { positions: rule, width, accepts } = this.spec
    if (!table || !rule) return {}
    const count = positionedPrefix(this.spec)
    const prefix: ops.FloatTensor = ops.slice(table, { axis: 1, end: count })
    const patches: ops.FloatTensor = ops.slice(table, { axis: 1, start: count })
    if ((isOnRequest(accepts) && !interpolate) || keepsTable(rule, grid, size)) return { prefix, patches }
    const resized = resizePositions(ops.reshape(patches, [1, ...rule.grid, width]), grid, rule.resize)
    return { prefix, patches: ops.reshape(resized, [1, grid[0] * grid[1], width]) as ops.FloatTensor }
  }
}

/**
 * DINO and models derived from it do not resize the table for square images with as many patches as positions. For DINO
 * that differs from resizing to the same size, because its scale is never 1.
 */
function keepsTable({ grid: own, resize }: PositionTable, grid: Size, [height, width]: Size): boolean {
  return resize === 'dino-offset' && height === width && grid[0] * grid[1] === own[0] * own[1]
}

/** Adds position embeddings to the first prefix tokens. */
function withPositions(prefix: ops.FloatTensor, positions: ops.FloatTensor | undefined): ops.FloatTensor {
  const count = positions?.shape[1] ?? 0
  if (!positions || count === 0) return prefix
  const sum: ops.FloatTensor = ops.add(ops.slice(prefix, { axis: 1, end: count }), positions)
  return count === prefix.shape[1] ? sum : ops.concat([sum, ops.slice(prefix, { axis: 1, start: count })], 1)
}

/** Pads images with zeros at the bottom and right to whole patches. */
function fillPatches(pixels: ops.FloatTensor, patch: Size): ops.FloatTensor {
  const missing = patch.map((side, axis) => (side - (pixels.shape[axis + 2]! % side)) % side) as [
    number,
    number,
  ]
  return ops.pad(pixels, [
    [0, 0],
    [0, 0],
    [0, missing[0]],
    [0, missing[1]],
  ])
}
