import type * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { channelsFirst } from '../image-network.js'
import { checkInputNames } from '../input-names.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions } from '../run-options.js'
import { readBackbone } from './features.js'
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
export function readModules(reader: WeightReader, spec: DptSpec, names: DepthNames) {
  const { neck, head } = spec
  const scope = reader.scope('head')
  const backbone = readBackbone(reader, spec.backbone)
  return {
    backbone,
    neck: new Neck(reader.scope('neck'), neck, backbone.width),
    depth: head.kind === 'depth' ? new DepthHead(scope, head, names, neck.width) : undefined,
    segments: head.kind === 'segments' ? new SegmentsHead(scope, head, neck.width) : undefined,
  }
}

/** Depth Anything (Yang et al. 2024) and DPT (Ranftl et al. 2021): a Transformer whose hidden states become maps. */
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
   * Runs the model on a batch of images of any size of at least one patch; of a hybrid in whole patches. Hidden states and
   * attention weights are those of the Transformer; of Swin V2 as its own model returns them, before the merging of patches.
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
    checkInputNames(inputs, ['pixelValues'], 'Dpt.run')
    checkStatesOptions(options, 'Dpt.run')
    const { backbone, neck, depth, segments } = this.modules
    const { patch } = backbone
    const { features, grid, states } = backbone.forward(inputs.pixelValues, options)
    const fused = neck.forward(features, grid)
    const map = fused[this.spec.headInput]!
    return {
      ...(depth && { predictedDepth: depth.forward(map, [grid[0] * patch[0], grid[1] * patch[1]]) }),
      ...(segments && { logits: channelsFirst(segments.forward(map)) }),
      ...{ fused: fused.map(channelsFirst), ...states },
    }
  }
}
