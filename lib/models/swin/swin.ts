import { invalid } from '../../errors.js'
import { sizesOf } from '../../graph/shape.js'
import type { Grid } from '../../nn/grid-bias.js'
import type { Mask } from '../../nn/mask.js'
import * as ops from '../../ops/index.js'
import { checkInputNames } from '../input-names.js'
import { maskedPixelLoss } from '../masked-loss.js'
import { Model, type ModelParts } from '../model.js'
import { checkBatch } from '../pixels.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import { checkMaskedPatches } from '../vit/inputs.js'
import type { SwinModules } from './modules.js'
import type { SwinSpec } from './spec.js'
import { flat, runStages } from './stages.js'

export interface SwinInputs {
  /** float32 [B, channels, H, W]. */
  readonly pixelValues: ops.FloatTensor
  /** [B, patches], row by row: not 0 for masked patches. For models with a mask token. */
  readonly maskedPatches?: Mask | undefined
}

export interface SwinOptions extends StatesOptions {
  /** Resize learned position embeddings, if the model has them, for images of other sizes. Default false. */
  readonly interpolatePositions?: boolean | undefined
}

export interface SwinOutput {
  /** float32 [B, classes]; for models with a classifier. */
  readonly logits?: ops.FloatTensor
  /** float32 [B, N, width]: output of the last stage, normed. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, width]: the mean of lastHiddenState. */
  readonly poolerOutput: ops.FloatTensor
  /** float32 [B, channels, rows * stride, columns * stride]; for models with a decoder. */
  readonly reconstruction?: ops.FloatTensor
  /** float32 []: mean absolute error of the pixels of masked patches; for models with a decoder, with `maskedPatches`. */
  readonly loss?: ops.FloatTensor
  /**
   * float32 [B, N, width] each: the patches, then the output of each stage, after the merging of patches in transformers,
   * before it in timm.
   */
  readonly hiddenStates?: readonly ops.FloatTensor[]
  /** The same as grids, float32 [B, width, rows, columns]. */
  readonly reshapedHiddenStates?: readonly ops.FloatTensor[]
  /** float32 [B * windows, heads, positions, positions]: weights of the last layer of each stage. */
  readonly attentions?: readonly ops.FloatTensor[]
}

/** Swin Transformer (Liu et al. 2021): self-attention within windows, on a grid that each stage makes coarser. */
export class Swin extends Model {
  readonly spec: SwinSpec
  readonly modules: SwinModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: SwinSpec, modules: SwinModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * Runs the model on a batch of images: in transformers of any size (the last grid of the first version must have at least
   * one window), in timm of the model's size.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED,
   *   OUT_OF_MEMORY
   */
  async run(inputs: SwinInputs, options: SwinOptions = {}): Promise<SwinOutput> {
    this.checkAlive()
    checkInputNames(inputs, ['pixelValues', 'maskedPatches'], 'Swin.run')
    checkStatesOptions(options, 'Swin.run', ['interpolatePositions'])
    const { pixelValues } = inputs
    const { embedding, norm, classifier, decoder } = this.modules
    const [batch, height, width] = checkBatch(pixelValues, this.spec.channels, this.#smallest())
    this.#checkSize([height, width])
    const grid = embedding.gridOf(height, width)
    this.#checkPositions(grid, options.interpolatePositions === true)
    const hasToken = embedding.parts.maskToken !== undefined
    const masked = checkMaskedPatches(inputs.maskedPatches, [batch, grid[0] * grid[1]], hasToken)

    const patches = embedding.forward(pixelValues, masked)
    const { last, states, weights } = runStages(this.spec, this.modules, patches, options)
    const lastHiddenState = flat(norm.forward(last))
    const poolerOutput = ops.mean(lastHiddenState, 1) as ops.FloatTensor
    const reconstruction = decoder?.forward(lastHiddenState, [last.shape[1]!, last.shape[2]!])
    const loss =
      reconstruction && masked && maskedPixelLoss(reconstruction, pixelValues, masked, this.spec.patch)
    const output: SwinOutput = {
      ...(classifier && { logits: classifier.forward(poolerOutput) }),
      ...{ lastHiddenState, poolerOutput },
      ...(reconstruction && { reconstruction }),
      ...(loss && { loss }),
      ...(options.hiddenStates && {
        hiddenStates: states.map(flat),
        reshapedHiddenStates: states.map((x): ops.FloatTensor => ops.permute(x, [0, 3, 1, 2])),
      }),
      ...(options.attentions && { attentions: weights }),
    }
    await this.compute(tensorsOf(output), options)
    return output
  }

  /** Smallest height and width: of the first version in transformers, whose bias tables are of whole windows. */
  #smallest(): Grid {
    const { patch, stages, accepts } = this.spec
    if (accepts !== 'whole-window') return [1, 1]
    const { window } = stages.at(-1)!
    const side = (axis: 0 | 1) => (window[axis] - 1) * 2 ** (stages.length - 1) * patch[axis] + 1
    return [side(0), side(1)]
  }

  #checkSize([height, width]: Grid): void {
    const { image, accepts } = this.spec
    if (accepts === 'exact' && (height !== image[0] || width !== image[1]))
      throw invalid('SHAPE_MISMATCH', 'pixelValues', `images of ${image.join('x')}`, `${height}x${width}`)
  }

  #checkPositions([rows, columns]: Grid, interpolate: boolean): void {
    const { positions } = this.modules.embedding.parts
    if (!positions || interpolate) return
    const [, down, right] = sizesOf(positions.shape, 4)
    if (rows !== down || columns !== right)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of ${down}x${right} patches, or the option interpolatePositions for another size`,
        `${rows}x${columns} patches`,
      )
  }
}
