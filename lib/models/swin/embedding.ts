import { sizesOf } from '../../graph/shape.js'
import type { Grid } from '../../nn/grid-bias.js'
import type { LayerNorm } from '../../nn/norm.js'
import type { PatchEmbedding } from '../../nn/patch.js'
import { resizePositions } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'

/** The learned parts of an embedding. */
export interface SwinEmbeddingParts {
  readonly patches: PatchEmbedding
  readonly norm: LayerNorm
  /** float32 [1, rows, columns, width]: position embeddings, if there are any. */
  readonly positions: ops.FloatTensor | undefined
  /** float32 [width]: replaces masked patches, if there is one. */
  readonly maskToken: ops.FloatTensor | undefined
}

/** Embeds images as a grid of normed patches. */
export class SwinEmbedding {
  readonly parts: SwinEmbeddingParts

  constructor(parts: SwinEmbeddingParts) {
    this.parts = parts
  }

  /** Rows and columns of the patches of an image; incomplete patches count. */
  gridOf(height: number, width: number): Grid {
    const [down, right] = this.parts.patches.patch
    return [Math.ceil(height / down), Math.ceil(width / right)]
  }

  /**
   * @param pixels float32 [B, C, H, W]; sides are padded with zeros to whole patches
   * @param masked bool [B, patches]: true where the mask token replaces the patch
   * @returns float32 [B, rows, columns, width]
   */
  forward(pixels: ops.FloatTensor, masked: Tensor<'bool'> | undefined): ops.FloatTensor {
    const { patches, norm, positions, maskToken } = this.parts
    const [, , height, width] = sizesOf(pixels.shape, 4)
    const [rows, columns] = this.gridOf(height, width)
    const [down, right] = patches.patch
    const sides = [
      [0, 0],
      [0, 0],
      [0, rows * down - height],
      [0, columns * right - width],
    ] as const
    const normed = norm.forward(patches.forward(ops.pad(pixels, sides)))
    const visible = masked && maskToken ? hide(normed, masked, maskToken) : normed
    return positions ? ops.add(visible, resizePositions(positions, [rows, columns], 'hf-bicubic')) : visible
  }
}

function hide(patches: ops.FloatTensor, masked: Tensor<'bool'>, token: ops.FloatTensor): ops.FloatTensor {
  const [batch, rows, columns] = sizesOf(patches.shape, 4)
  const condition: Tensor<'bool'> = ops.reshape(masked, [batch, rows, columns, 1])
  return ops.where(condition, token, patches)
}
