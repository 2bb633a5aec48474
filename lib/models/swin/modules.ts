import { SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { distancesOf } from '../../nn/grid-bias.js'
import { Layer } from '../../nn/layer.js'
import { Linear, parameter, squeezedParameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { PatchEmbedding } from '../../nn/patch.js'
import { WindowAttention } from '../../nn/windows.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageDecoder } from '../vit/decoder.js'
import type { SwinConfig, SwinStage } from './config.js'
import { SwinEmbedding } from './embedding.js'

/** Epsilon of the norms after the patches and before their merging, which the config does not have. */
const patchEpsilon = 1e-5

/** Which heads a class has. */
export interface SwinHeads {
  /** Number of classes; 0: no classifier. */
  readonly classes: number
  /** Side of the square of pixels that each position of the last grid becomes; undefined: no decoder. */
  readonly stride: number | undefined
  readonly maskToken: boolean
}

/** Joins each square of 2x2 positions to one of twice the width (Liu et al. 2021). */
class PatchMerging {
  readonly norm: LayerNorm
  readonly reduction: Linear

  constructor(norm: LayerNorm, reduction: Linear) {
    this.norm = norm
    this.reduction = reduction
  }

  /** x float32 [B, H, W, C] to [B, ceil(H / 2), ceil(W / 2), 2 * C]; an odd side is padded with zeros. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const [height, width] = [x.shape[1]!, x.shape[2]!]
    const even: ops.FloatTensor = ops.pad(x, [
      [0, 0],
      [0, height % 2],
      [0, width % 2],
      [0, 0],
    ])
    const part = (row: number, column: number): ops.FloatTensor =>
      ops.slice(ops.slice(even, { axis: 1, start: row, step: 2 }), { axis: 2, start: column, step: 2 })
    const joined = ops.concat([part(0, 0), part(1, 0), part(0, 1), part(1, 1)], 3)
    return this.reduction.forward(this.norm.forward(joined))
  }
}

export type SwinModules = ReturnType<typeof readModules>

/** Reads the weights of a class of transformers. `backbone` reads those of SwinModel. */
export function readModules(
  reader: WeightReader,
  backbone: WeightReader,
  config: SwinConfig,
  heads: SwinHeads,
) {
  const { channels, patch, stages, epsilon } = config
  const [width, last] = [stages[0]!.width, stages[stages.length - 1]!.width]
  const { classes, stride } = heads
  const embeddings = backbone.scope('embeddings')
  return {
    embedding: new SwinEmbedding({
      patches: PatchEmbedding.read(embeddings, 'patch_embeddings.projection', { channels, width, patch }),
      norm: LayerNorm.read(embeddings, 'norm', width, patchEpsilon),
      positions: config.absolutePositions ? readPositions(embeddings, config, width) : undefined,
      maskToken: heads.maskToken ? squeezedParameter(embeddings, 'mask_token', [width]) : undefined,
    }),
    stages: stages.map((stage, index) => {
      const scope = backbone.scope('encoder.layers').scope(index)
      const blocks = Array.from({ length: stage.depth }, (_, block) =>
        readLayer(scope.scope('blocks').scope(block), config, stage, block % 2 === 1),
      )
      return { blocks, merging: index < stages.length - 1 ? readMerging(scope, stage.width) : undefined }
    }),
    norm: LayerNorm.read(backbone, 'layernorm', last, epsilon),
    classifier: classes > 0 ? Linear.read(reader, 'classifier', last, classes) : undefined,
    decoder:
      stride === undefined ? undefined : readDecoder(reader.scope('decoder.0'), stride, channels, last),
  }
}

function readPositions(reader: WeightReader, { image, patch }: SwinConfig, width: number): ops.FloatTensor {
  const grid = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])] as const
  const table = parameter(reader, 'position_embeddings', [1, grid[0] * grid[1], width])
  return ops.reshape(table, [1, ...grid, width])
}

/** The windows of every second layer are shifted by half of their size. */
function readLayer(reader: WeightReader, config: SwinConfig, stage: SwinStage, shifts: boolean): Layer {
  const { window, queryKeyValueBias: bias, activation, epsilon } = config
  const { width, heads, feedForward } = stage
  const own = reader.scope('attention.self')
  own.ignore('relative_position_index', 'computed from the size of the window')
  const table = parameter(own, 'relative_position_bias_table', [distancesOf(window), heads])
  const attention = new SelfAttention({
    heads,
    queryKeyValue: FusedLinear.read(own, ['query', 'key', 'value'], width, [width, width, width], { bias }),
    output: Linear.read(reader, 'attention.output.dense', width, width),
  })
  const shift = shifts ? ([Math.floor(window[0] / 2), Math.floor(window[1] / 2)] as const) : ([0, 0] as const)
  const mlp = Mlp.read(reader, ['intermediate.dense', 'output.dense'], { width, feedForward, activation })
  const norm = (name: string) => ({
    norm: LayerNorm.read(reader, name, width, epsilon),
    placement: 'pre' as const,
  })
  return new Layer([
    { attention: new WindowAttention(attention, table, window, shift), ...norm('layernorm_before') },
    { mlp, ...norm('layernorm_after') },
  ])
}

function readMerging(stage: WeightReader, width: number): PatchMerging {
  return new PatchMerging(
    LayerNorm.read(stage, 'downsample.norm', 4 * width, patchEpsilon),
    Linear.read(stage, 'downsample.reduction', 4 * width, 2 * width, { bias: false }),
  )
}

/** The library stores the decoder's linear layer as a 1x1 convolution. */
function readDecoder(reader: WeightReader, stride: number, channels: number, width: number): ImageDecoder {
  const outputs = channels * stride ** 2
  const weight = squeezedParameter(reader, 'weight', [outputs, width])
  return new ImageDecoder({ stride, skip: 0 }, new Linear(weight, parameter(reader, 'bias', [outputs])))
}
