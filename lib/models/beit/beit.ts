import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import type { Grid } from '../../nn/grid-bias.js'
import * as ops from '../../ops/index.js'
import { channelsFirst } from '../image-network.js'
import { checkInputNames } from '../input-names.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { checkMaskedPatches, checkPixels, type VitInputs } from '../vit/inputs.js'
import { BeitBody } from './body.js'
import type { BeitConfig } from './config.js'
import type { BeitHeads } from './heads.js'
import type { BeitModules } from './modules.js'

export interface BeitOutput extends States {
  /**
   * float32 [B, classes] of a classifier; [B, patches, visual tokens] of masked image modeling; of semantic segmentation
   * [B, classes, 4 * rows, 4 * columns].
   */
  readonly logits?: ops.FloatTensor
  /** float32 [B, N, width]: output of the last layer; normed, unless the norm is applied to the mean of the patches. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, width]: the image as one vector; for classes that pool. */
  readonly poolerOutput?: ops.FloatTensor
}

/** BEiT (Bao et al. 2021) and Data2Vec for images: a vision Transformer with biases by the distance between patches. */
export class Beit extends Model {
  readonly spec: BeitConfig
  readonly #heads: BeitHeads
  readonly #body: BeitBody
  readonly modules: BeitModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: BeitConfig, heads: BeitHeads, modules: BeitModules) {
    super(parts)
    this.spec = spec
    this.#heads = heads
    this.#body = new BeitBody(spec, modules.body)
    this.modules = modules
  }

  /**
   * Runs the model on a batch of images of any size of at least one patch; for semantic segmentation, of 2x2 patches.
   * Position embeddings and biases are resized. Models of timm take images of their size only.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED,
   *   ABORTED, DISPOSED, OUT_OF_MEMORY
   */
  async run(inputs: VitInputs, options: StatesOptions = {}): Promise<BeitOutput> {
    this.checkAlive()
    checkInputNames(inputs, ['pixelValues', 'maskedPatches'], 'Beit.run')
    checkStatesOptions(options, 'Beit.run')
    const { norm } = this.modules
    const body = this.#body
    const pixels = checkPixels(this.spec.embedding, inputs.pixelValues, true)
    this.#checkSize(pixels)
    const grid = body.gridOf(pixels)
    this.#checkGrid(grid)
    const shape = [pixels.shape[0]!, grid[0] * grid[1]] as const
    const masked = checkMaskedPatches(inputs.maskedPatches, shape, this.spec.embedding.maskToken)

    const stack = body.forward(pixels, options.attentions, masked)
    const lastHiddenState = norm?.forward(stack.last) ?? stack.last
    const poolerOutput = this.#heads.pools ? this.#pool(lastHiddenState) : undefined
    const logits = this.#logits(lastHiddenState, poolerOutput, stack.hiddenStates, grid)
    const output: BeitOutput = {
      ...(logits && { logits }),
      ...{ lastHiddenState, ...(poolerOutput && { poolerOutput }), ...statesOf(stack, options) },
    }
    await this.compute(tensorsOf(output), options)
    return output
  }

  #checkSize(pixels: ops.FloatTensor): void {
    const { embedding, exact } = this.spec
    const [height, width] = embedding.image
    if (exact && (pixels.shape[2] !== height || pixels.shape[3] !== width))
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of ${height}x${width}`,
        formatShape(pixels.shape),
      )
  }

  /** The coarsest map of semantic segmentation has half as many rows and columns. */
  #checkGrid(grid: Grid): void {
    const { patch } = this.spec.embedding
    const smallest = patch.map((side) => 2 * side).join('x')
    if (this.#heads.segments && Math.min(...grid) < 2)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of at least ${smallest}`,
        `${grid.join('x')} patches`,
      )
  }

  #pool(tokens: ops.FloatTensor): ops.FloatTensor {
    const { poolerNorm } = this.modules
    return poolerNorm ? poolerNorm.forward(ops.mean(patchesOf(tokens), 1)) : ops.select(tokens, 1, 0)
  }

  #logits(
    last: ops.FloatTensor,
    pooled: ops.FloatTensor | undefined,
    states: readonly ops.FloatTensor[],
    grid: Grid,
  ): ops.FloatTensor | undefined {
    const { classifier, tokens, segmentation } = this.modules
    if (pooled && classifier) return classifier.forward(pooled)
    if (tokens) return tokens.linear.forward(patchesOf(tokens.norm.forward(last)))
    if (!segmentation) return undefined
    const map = (feature: number): ops.FloatTensor => {
      const patches = patchesOf(states[feature - 1]!)
      return ops.reshape(patches, [patches.shape[0]!, ...grid, patches.shape[2]!])
    }
    const [first, second, third, fourth] = segmentation.features
    return channelsFirst(segmentation.forward([map(first), map(second), map(third), map(fourth)]))
  }
}

/** The tokens without the class token. */
function patchesOf(tokens: ops.FloatTensor): ops.FloatTensor {
  return ops.slice(tokens, { axis: 1, start: 1 })
}
