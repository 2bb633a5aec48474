import type { Norm } from '../../nn/norm.js'
import type { PatchEmbedding } from '../../nn/patch.js'
import { resizePositions } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { type EmbeddingSpec, isOnRequest, type PositionTable, positionedPrefix, type Size } from './spec.js'

/** The learned parts of an embedding. */
export interface EmbeddingParts {
  readonly patches: PatchEmbedding
  /** float32 [1, tokens, width]: class, distillation and register tokens; undefined: none of them. */
  readonly prefix: ops.FloatTensor | undefined
  /** float32 [1, positions, width]: of the prefix tokens that have one, then of the patches, row by row. */
  readonly positions: ops.FloatTensor | undefined
  /** float32 [1, 1, width]: stands for masked patches. */
  readonly maskToken: ops.FloatTensor | undefined
  readonly norm: Norm | undefined
}

/** From an image to a sequence of tokens: prefix tokens (class, distillation, registers), then patches, with positions. */
export class VitEmbedding {
  readonly spec: EmbeddingSpec
  readonly parts: EmbeddingParts

  constructor(spec: EmbeddingSpec, parts: EmbeddingParts) {
    this.spec = spec
    this.parts = parts
  }

  /**
   * @param pixels float32 [B, C, H, W] of a size the model accepts; see checkPixels
   * @param interpolate resize the positions even if the model does not by itself
   * @param masked bool [B, patches]: true where the mask token replaces the patch
   * @returns float32 [B, tokens, width]
   */
  forward(pixels: ops.FloatTensor, interpolate: boolean, masked?: Tensor<'bool'>): ops.FloatTensor {
    const { patches, prefix, norm } = this.parts
    const { width } = this.spec
    const size = pixels.shape.slice(2) as unknown as Size
    const filled = this.spec.accepts === 'padded' ? fillPatches(pixels, this.spec.patch) : pixels
    const embedded = patches.forward(filled)
    const [batch, ...grid] = embedded.shape.slice(0, 3) as [number, number, number]
    const flat: ops.FloatTensor = ops.reshape(embedded, [batch, grid[0] * grid[1], width])
    const positions = this.#positions(grid, size, interpolate)
    const seen = masked ? this.#mask(flat, masked) : flat
    const placed: ops.FloatTensor = positions.patches ? ops.add(seen, positions.patches) : seen
    if (!prefix) return norm?.forward(placed) ?? placed
    const front = withPositions(prefix, positions.prefix)
    const repeated: ops.FloatTensor = ops.expand(front, [batch, front.shape[1]!, width])
    const tokens = ops.concat([repeated, placed], 1)
    return norm?.forward(tokens) ?? tokens
  }

  #mask(patches: ops.FloatTensor, masked: Tensor<'bool'>): ops.FloatTensor {
    const each: Tensor<'bool'> = ops.reshape(masked, [...masked.shape, 1])
    return ops.where(each, this.parts.maskToken!, patches)
  }

  /** Positions of the prefix tokens and of the patches, [1, n, width] each, for a grid of patches. */
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
 * DINO and what descends from it use the table as it is for square images with as many patches as it has positions.
 * For DINO that differs from resizing to the same size: its scale is never 1.
 */
function keepsTable({ grid: made, resize }: PositionTable, grid: Size, [height, width]: Size): boolean {
  return resize === 'dino-offset' && height === width && grid[0] * grid[1] === made[0] * made[1]
}

/** Adds positions to the first of the prefix tokens. */
function withPositions(prefix: ops.FloatTensor, positions: ops.FloatTensor | undefined): ops.FloatTensor {
  const count = positions?.shape[1] ?? 0
  if (!positions || count === 0) return prefix
  const placed: ops.FloatTensor = ops.add(ops.slice(prefix, { axis: 1, end: count }), positions)
  return count === prefix.shape[1]
    ? placed
    : ops.concat([placed, ops.slice(prefix, { axis: 1, start: count })], 1)
}

/** Zeros at the bottom and right, up to whole patches. */
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
