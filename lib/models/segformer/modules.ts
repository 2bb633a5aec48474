import { BatchNorm } from '../../nn/batch-norm.js'
import { Convolution } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { Linear } from '../../nn/linear.js'
import { LayerNorm } from '../../nn/norm.js'
import { resizeMaps } from '../../nn/resize-maps.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { SegformerConfig, SegformerStage } from './config.js'
import { normEpsilon, readLayer } from './layer.js'

/** Numbers of classes of the heads; 0: no such head. */
export interface SegformerHeads {
  readonly images: number
  readonly segments: number
}

/** Joins the maps of all stages, resized to that of the first, and classifies each position (Xie et al. 2021). */
class DecodeHead {
  readonly #projections: readonly Linear[]
  readonly #fuse: ConvolutionNorm
  readonly #classifier: Convolution

  constructor(reader: WeightReader, { stages, decoder }: SegformerConfig, classes: number) {
    const fused = { inputs: decoder * stages.length, outputs: decoder, kernel: 1, bias: false }
    this.#projections = stages.map(({ width }, index) =>
      Linear.read(reader, `linear_c.${index}.proj`, width, decoder),
    )
    this.#fuse = new ConvolutionNorm(
      Convolution.read(reader, 'linear_fuse', fused),
      BatchNorm.read(reader, 'batch_norm', decoder, normEpsilon),
      ops.relu,
    )
    this.#classifier = Convolution.read(reader, 'classifier', {
      inputs: decoder,
      outputs: classes,
      kernel: 1,
    })
  }

  /** maps float32 [B, H, W, C] of each stage to logits [B, H, W, classes] of the size of the first. */
  forward(maps: readonly ops.FloatTensor[]): ops.FloatTensor {
    const [, height, width] = maps[0]!.shape
    const resized = maps.map((map, index) =>
      resizeMaps(this.#projections[index]!.forward(map), [height!, width!], { alignCorners: false }),
    )
    return this.#classifier.forward(this.#fuse.forward(ops.concat(resized.reverse(), 3)))
  }
}

export type SegformerModules = ReturnType<typeof readModules>

/** Reads the weights of a class of transformers. `encoder` reads those of the encoder of SegformerModel. */
export function readModules(
  reader: WeightReader,
  encoder: WeightReader,
  config: SegformerConfig,
  heads: SegformerHeads,
) {
  const { stages, channels } = config
  const last = stages[stages.length - 1]!.width
  return {
    stages: stages.map((stage, index) => ({
      patches: readPatches(encoder.scope('patch_embeddings').scope(index), stage, {
        inputs: index === 0 ? channels : stages[index - 1]!.width,
      }),
      layers: Array.from({ length: stage.depth }, (_, layer) =>
        readLayer(encoder.scope('block').scope(index).scope(layer), stage, config.activation),
      ),
      norm: LayerNorm.read(encoder.scope('layer_norm'), String(index), stage.width, normEpsilon),
    })),
    classifier: heads.images > 0 ? Linear.read(reader, 'classifier', last, heads.images) : undefined,
    decodeHead:
      heads.segments > 0 ? new DecodeHead(reader.scope('decode_head'), config, heads.segments) : undefined,
  }
}

function readPatches(
  reader: WeightReader,
  { width, patch, stride }: SegformerStage,
  { inputs }: { readonly inputs: number },
): ConvolutionNorm {
  const shape = { inputs, outputs: width, kernel: patch }
  return new ConvolutionNorm(
    Convolution.read(reader, 'proj', shape, { stride, padding: Math.floor(patch / 2) }),
    LayerNorm.read(reader, 'layer_norm', width, normEpsilon),
  )
}
