import { type MapModule, runStages } from '../../nn/feature-maps.js'
import { PatchEmbedding } from '../../nn/patch.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { type BitModules, readBit } from '../bit/modules.js'
import type { BitNames, BitSpec } from '../bit/spec.js'

/** A convolution network whose feature maps are split into patches, instead of the image (Dosovitskiy et al. 2020, R-ViT). */
export interface BackboneSpec {
  readonly network: BitSpec
  readonly names: BitNames
  /** Height and width of a patch of the feature maps. */
  readonly patch: readonly [number, number]
}

/** Embeds the patches of a backbone's feature maps: those of its last stage, without a norm after it. */
export class HybridEmbedding {
  readonly #stem: MapModule
  readonly #stages: readonly MapModule[]
  readonly #patches: PatchEmbedding

  constructor(backbone: Pick<BitModules, 'stem' | 'stages'>, patches: PatchEmbedding) {
    this.#stem = backbone.stem
    this.#stages = backbone.stages
    this.#patches = patches
  }

  /** Reads the backbone and the embedding `name` of its patches. @param sizes of the embedding */
  static read(
    reader: WeightReader,
    name: string,
    { network, names, patch }: BackboneSpec,
    sizes: { readonly width: number; readonly bias: boolean },
  ): HybridEmbedding {
    const backbone = readBit(reader, network, names)
    const channels = backbone.width
    return new HybridEmbedding(backbone, PatchEmbedding.read(reader, name, { ...sizes, channels, patch }))
  }

  /** pixels float32 [B, C, H, W] to [B, rows, columns, width]. */
  forward(pixels: ops.FloatTensor): ops.FloatTensor {
    return this.trace(pixels).patches
  }

  /** The same with the maps of the stem and of each stage, [B, H, W, channels]. */
  trace(pixels: ops.FloatTensor) {
    const stem = this.#stem.forward(ops.permute(pixels, [0, 2, 3, 1]))
    const { stages, last } = runStages(this.#stages, stem)
    return { maps: [stem, ...stages], patches: this.#patches.forward(ops.permute(last, [0, 3, 1, 2])) }
  }
}

/** By how much a backbone makes images smaller. */
export function reductionOf({ stages }: BitSpec): number {
  return stages.reduce((reduction, { stride }) => reduction * stride, 4)
}
