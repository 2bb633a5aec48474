import { invalid } from '../../errors.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import { channelsFirst } from '../image-network.js'
import { checkInputNames } from '../input-names.js'
import { Model, type ModelParts } from '../model.js'
import { checkBatch } from '../pixels.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions } from '../run-options.js'
import type { SegformerConfig } from './config.js'
import { flat } from './layer.js'
import type { SegformerModules } from './modules.js'

export interface SegformerOutput extends States {
  /** float32 [B, classes] of a classifier; of semantic segmentation [B, classes, H, W] with the size of the first stage. */
  readonly logits?: ops.FloatTensor
  /** float32 [B, width, H, W]: the last map; [B, H * W, width] if the config has no reshape_last_stage. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, width]: its mean, the input of the classifier; not for semantic segmentation. */
  readonly poolerOutput?: ops.FloatTensor
}

/** SegFormer (Xie et al. 2021): four stages of overlapping patches, with attention to smaller maps. */
export class Segformer extends Model {
  readonly spec: SegformerConfig
  readonly modules: SegformerModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: SegformerConfig, modules: SegformerModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * Runs the model on a batch of images of any size. Hidden states are the maps of the stages; attention weights are
   * those of all layers.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH (an image so small that the map of a stage is smaller than its
   *   reduction), EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED, ABORTED, DISPOSED, OUT_OF_MEMORY
   */
  async run(
    inputs: { readonly pixelValues: ops.FloatTensor },
    options: StatesOptions = {},
  ): Promise<SegformerOutput> {
    this.checkAlive()
    checkInputNames(inputs, ['pixelValues'], 'Segformer.run')
    checkStatesOptions(options, 'Segformer.run')
    const { pixelValues } = inputs
    const [, height, width] = checkBatch(pixelValues, this.spec.channels, [1, 1])
    this.#checkMaps([height, width])

    const { maps, weights } = this.#stages(ops.permute(pixelValues, [0, 2, 3, 1]), options)
    const { classifier, decodeHead } = this.modules
    const last = maps[maps.length - 1]!
    const published = maps.map((map) =>
      map === last && !this.spec.reshapeLast ? flat(map) : channelsFirst(map),
    )
    const poolerOutput: ops.FloatTensor | undefined = decodeHead ? undefined : ops.mean(last, [1, 2])
    const logits = decodeHead
      ? channelsFirst(decodeHead.forward(maps))
      : poolerOutput && classifier?.forward(poolerOutput)
    const output: SegformerOutput = {
      ...(logits && { logits }),
      ...{ lastHiddenState: published[maps.length - 1]!, ...(poolerOutput && { poolerOutput }) },
      ...(options.hiddenStates && { hiddenStates: published }),
      ...(options.attentions && { attentions: weights }),
    }
    await this.compute(tensorsOf(output), options)
    return output
  }

  /** images float32 [B, H, W, C] */
  #stages(images: ops.FloatTensor, { attentions }: StatesOptions) {
    const maps: ops.FloatTensor[] = []
    const weights: ops.FloatTensor[] = []
    let x = images
    for (const { patches, layers, norm } of this.modules.stages) {
      const stack = runStack(layers, patches.forward(x), { self: { weights: attentions } })
      weights.push(...stack.attentions.values())
      x = norm.forward(stack.last)
      maps.push(x)
    }
    return { maps, weights }
  }

  #checkMaps(image: readonly [number, number]): void {
    const sizeOf = (length: number, patch: number, stride: number) =>
      Math.floor((length + 2 * Math.floor(patch / 2) - patch) / stride) + 1
    let map = image
    this.spec.stages.forEach(({ patch, stride, reduction }, stage) => {
      map = [sizeOf(map[0], patch, stride), sizeOf(map[1], patch, stride)]
      if (Math.min(...map) < reduction)
        throw invalid(
          'SHAPE_MISMATCH',
          'pixelValues',
          `images whose map in stage ${stage + 1} is at least ${reduction}x${reduction}`,
          `${image.join('x')}, with a map of ${map.join('x')}`,
        )
    })
  }
}
