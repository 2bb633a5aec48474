import { type MapModule, sequence } from '../../nn/feature-maps.js'
import type { PatchEmbedding } from '../../nn/patch.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { readBit } from '../bit/modules.js'
import type { BitNames, BitSpec } from '../bit/spec.js'

/** A convolution network whose feature maps are split into patches, instead of the image (Dosovitskiy et al. 2020, R-ViT). */
export interface BackboneSpec {
  readonly network: BitSpec
  readonly names: BitNames
  /** Height and width of a patch of the feature maps. */
  readonly patch: readonly [number, number]
}

/** Embeds the patches of a backbone's feature maps. */
export class HybridEmbedding {
  readonly backbone: MapModule
  readonly patches: PatchEmbedding

  constructor(backbone: MapModule, patches: PatchEmbedding) {
    this.backbone = backbone
    this.patches = patches
  }

  /** pixels float32 [B, C, H, W] to [B, rows, columns, width]. */
  forward(pixels: ops.FloatTensor): ops.FloatTensor {
    const maps = this.backbone.forward(ops.permute(pixels, [0, 2, 3, 1]))
    return this.patches.forward(ops.permute(maps, [0, 3, 1, 2]))
  }
}

/** Reads a backbone, which ends with its last stage. @returns it with the number of its output channels */
export function readBackbone(
  reader: WeightReader,
  { network, names }: BackboneSpec,
): { backbone: MapModule; width: number } {
  const { stem, stages, norm, width } = readBit(reader, network, names)
  return { backbone: sequence([stem, ...stages, norm]), width }
}

/** By how much a backbone makes images smaller. */
export function reductionOf({ stages }: BitSpec): number {
  return stages.reduce((reduction, { stride }) => reduction * stride, 4)
}
