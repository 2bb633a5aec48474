import { sizesOf } from '../../graph/shape.js'
import { runStack } from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import { checkOptions } from '../../options.js'
import type { WeightReader } from '../../weights/reader.js'
import { channelsFirst } from '../image-network.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { gridOf } from '../vit/grid.js'
import { checkPixels } from '../vit/inputs.js'
import { readVit } from '../vit/read.js'
import { DepthHead, type DepthNames, SegmentsHead } from './head.js'
import { Neck } from './neck.js'
import type { DptSpec } from './spec.js'

export interface DptOutput extends States {
  /** float32 [B, height, width]: the image in whole patches (Depth Anything), or 32 pixels for 16 (DPT); for depth models. */
  readonly predictedDepth?: ops.FloatTensor
  /** float32 [B, classes, H, W]; for models of semantic segmentation. */
  readonly logits?: ops.FloatTensor
}

/** A run with the maps of the neck, lazy. */
export interface DptTrace extends DptOutput {
  /** float32 [B, channels, H, W] each: the fused maps, the coarsest first. */
  readonly fused: readonly ops.FloatTensor[]
}

export type DptModules = ReturnType<typeof readModules>

/** Reads the weights that the spec needs. @param names of the convolutions of a depth head */
export function readModules(reader: WeightReader, { backbone, neck, head }: DptSpec, names: DepthNames) {
  const scope = reader.scope('head')
  return {
    backbone: readVit(reader, backbone.vit, backbone.names),
    neck: new Neck(reader.scope('neck'), neck, backbone.vit.width),
    depth: head.kind === 'depth' ? new DepthHead(scope, head, names, neck.width) : undefined,
    segments: head.kind === 'segments' ? new SegmentsHead(scope, head, neck.width) : undefined,
  }
}

/** Depth Anything (Yang et al. 2024) and DPT (Ranftl et al. 2021): a vision Transformer whose hidden states become maps. */
export class Dpt extends Model {
  readonly spec: DptSpec
  readonly modules: DptModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: DptSpec, modules: DptModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * Runs the model on a batch of images of any size of at least one patch. Hidden states and attention weights are those
   * of the vision Transformer.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED,
   *   ABORTED, DISPOSED, OUT_OF_MEMORY
   */
  async run(
    inputs: { readonly pixelValues: ops.FloatTensor },
    options: StatesOptions = {},
  ): Promise<DptOutput> {
    const { fused, ...output } = this.trace(inputs, options)
    await this.compute(tensorsOf(output), options)
    return output
  }

  /** The forward pass with the maps of the neck. @throws as {@link run} */
  trace(inputs: { readonly pixelValues: ops.FloatTensor }, options: StatesOptions = {}): DptTrace {
    this.checkAlive()
    checkOptions(inputs, ['pixelValues'], 'Dpt.run: inputs')
    checkStatesOptions(options, 'Dpt.run')
    const { backbone, headInput } = this.spec
    const { backbone: vit, neck, depth, segments } = this.modules
    const pixels = checkPixels(backbone.vit, inputs.pixelValues, true)
    const [, , height, width] = sizesOf(pixels.shape, 4)
    const { patch } = backbone.vit
    const grid = gridOf([height, width], patch)

    const stack = runStack(vit.layers, vit.embedding.forward(pixels, true), {
      self: { weights: options.attentions },
    })
    const features = backbone.features.map((feature) => {
      const state = stack.hiddenStates[feature]!
      return backbone.normed && vit.norm ? vit.norm.forward(state) : state
    })
    const fused = neck.forward(features, grid)
    const map = fused[headInput]!
    return {
      ...(depth && { predictedDepth: depth.forward(map, [grid[0] * patch[0], grid[1] * patch[1]]) }),
      ...(segments && { logits: channelsFirst(segments.forward(map)) }),
      ...{ fused: fused.map(channelsFirst), ...statesOf(stack, options) },
    }
  }
}
