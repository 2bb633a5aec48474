import { sizesOf } from '../../graph/shape.js'
import { type Grid, gridDistances } from '../../nn/grid-bias.js'
import { runStack, type StackResult } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { gridOf } from '../vit/grid.js'
import type { BeitConfig } from './config.js'
import type { BeitBodyModules } from './modules.js'

/** The embedding and the layers of a BEiT, whose biases are resized for the grid of the images. */
export class BeitBody {
  readonly spec: BeitConfig
  readonly #modules: BeitBodyModules
  /** Those of the last grid: images mostly have one size. */
  #distances: { readonly grid: Grid; readonly pairs: Tensor<'int32'> } | undefined

  constructor(spec: BeitConfig, modules: BeitBodyModules) {
    this.spec = spec
    this.#modules = modules
  }

  /** Rows and columns of the patches of images [B, C, H, W]. */
  gridOf(pixels: ops.FloatTensor): Grid {
    const [, , height, width] = sizesOf(pixels.shape, 4)
    return gridOf([height, width], this.spec.embedding.patch)
  }

  /**
   * @param pixels float32 [B, C, H, W], checked
   * @param masked bool [B, patches]: true where the mask token replaces the patch
   */
  forward(
    pixels: ops.FloatTensor,
    attentions: boolean | undefined,
    masked?: Tensor<'bool'> | undefined,
  ): StackResult {
    const { layers, embedding } = this.#modules
    const masks = this.#biases(this.gridOf(pixels))
    return runStack(layers, embedding.forward(pixels, true, masked), {
      self: (layer) => ({ weights: attentions, mask: masks[layer] }),
    })
  }

  /** The biases of each layer, float32 [heads, N, N]. */
  #biases(grid: Grid): readonly (ops.FloatTensor | undefined)[] {
    const { sharedBias, biases } = this.#modules
    const { shared, own } = this.spec.bias
    if (!shared && !own) return []
    const distances = this.#distancesOf(grid)
    const common = sharedBias?.forward(grid, distances)
    return biases.map((bias) => {
      const ofLayer = bias?.forward(grid, distances)
      return ofLayer && common ? ops.add(ofLayer, common) : (ofLayer ?? common)
    })
  }

  #distancesOf(grid: Grid): Tensor<'int32'> {
    const known = this.#distances
    if (known && known.grid[0] === grid[0] && known.grid[1] === grid[1]) return known.pairs
    const pairs = gridDistances(grid, true)
    this.#distances = { grid, pairs }
    return pairs
  }
}
