import { Layer } from '../../nn/layer.js'
import { Linear, parameter, squeezedParameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { PatchEmbedding } from '../../nn/patch.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageDecoder } from '../vit/decoder.js'
import { readAttention } from './attention.js'
import { SwinEmbedding } from './embedding.js'
import type { SwinNames, SwinSpec, SwinStage } from './spec.js'

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
  readonly #norm: LayerNorm
  readonly #reduction: Linear
  readonly #normsLast: boolean

  /** @param normsLast the norm follows the reduction (Swin V2) */
  constructor(norm: LayerNorm, reduction: Linear, normsLast: boolean) {
    this.#norm = norm
    this.#reduction = reduction
    this.#normsLast = normsLast
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
    return this.#normsLast
      ? this.#norm.forward(this.#reduction.forward(joined))
      : this.#reduction.forward(this.#norm.forward(joined))
  }
}

export type SwinModules = ReturnType<typeof readModules>
export type SwinBody = ReturnType<typeof readBody>

/** Reads the weights that the spec needs, under the names of a layout. `backbone` reads those of the model without heads. */
export function readModules(
  reader: WeightReader,
  backbone: WeightReader,
  names: SwinNames,
  spec: SwinSpec,
  heads: SwinHeads,
) {
  const { channels, stages, epsilon } = spec
  const last = stages[stages.length - 1]!.width
  const { classes, stride } = heads
  return {
    ...readBody(backbone, names, spec, heads.maskToken),
    norm: LayerNorm.read(backbone, names.norm, last, epsilon),
    classifier: classes > 0 ? Linear.read(reader, names.classifier, last, classes) : undefined,
    decoder:
      stride === undefined ? undefined : readDecoder(reader.scope('decoder.0'), stride, channels, last),
  }
}

/** Reads the weights of the embedding and the stages. */
export function readBody(backbone: WeightReader, names: SwinNames, spec: SwinSpec, maskToken: boolean) {
  const { channels, patch, stages } = spec
  const { width } = stages[0]!
  return {
    embedding: new SwinEmbedding({
      patches: PatchEmbedding.read(backbone, names.patches, { channels, width, patch }),
      norm: LayerNorm.read(backbone, names.patchNorm, width, patchEpsilon),
      positions: spec.absolutePositions ? readPositions(backbone, names.positions, spec, width) : undefined,
      maskToken: maskToken ? squeezedParameter(backbone, names.maskToken, [width]) : undefined,
    }),
    stages: stages.map((stage, index) => {
      const blocks = Array.from({ length: stage.depth }, (_, block) =>
        readLayer(backbone.scope(names.block(index, block)), names, spec, stage, block % 2 === 1),
      )
      const merges = index < stages.length - 1
      const merging = merges
        ? readMerging(backbone.scope(names.merging(index)), spec, stage.width)
        : undefined
      return { blocks, merging }
    }),
  }
}

function readPositions(
  reader: WeightReader,
  name: string,
  { image, patch }: SwinSpec,
  width: number,
): ops.FloatTensor {
  const grid = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])] as const
  const table = parameter(reader, name, [1, grid[0] * grid[1], width])
  return ops.reshape(table, [1, ...grid, width])
}

/** The windows of every second layer are shifted. */
function readLayer(
  reader: WeightReader,
  names: SwinNames,
  spec: SwinSpec,
  stage: SwinStage,
  shifts: boolean,
): Layer {
  const { activation, epsilon, version } = spec
  const { width, feedForward } = stage
  const norm = (name: string) => ({
    norm: LayerNorm.read(reader, name, width, epsilon),
    placement: version === 2 ? ('res-post' as const) : ('pre' as const),
  })
  return new Layer([
    { attention: readAttention(reader, names.attention, spec, stage, shifts), ...norm(names.norms[0]) },
    { mlp: Mlp.read(reader, names.mlp, { width, feedForward, activation }), ...norm(names.norms[1]) },
  ])
}

function readMerging(reader: WeightReader, { version }: SwinSpec, width: number): PatchMerging {
  const normsLast = version === 2
  return new PatchMerging(
    LayerNorm.read(reader, 'norm', (normsLast ? 2 : 4) * width, patchEpsilon),
    Linear.read(reader, 'reduction', 4 * width, 2 * width, { bias: false }),
    normsLast,
  )
}

/** The library stores the decoder's linear layer as a 1x1 convolution. */
function readDecoder(reader: WeightReader, stride: number, channels: number, width: number): ImageDecoder {
  const outputs = channels * stride ** 2
  const weight = squeezedParameter(reader, 'weight', [outputs, width])
  return new ImageDecoder({ stride, skip: 0 }, new Linear(weight, parameter(reader, 'bias', [outputs])))
}
