import { activation } from '../../nn/activation.js'
import { BatchNorm } from '../../nn/batch-norm.js'
import { Convolution } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import { adaptiveAveragePool } from '../../nn/pooling.js'
import { resizeMaps } from '../../nn/resize-maps.js'
import { TransposedConvolution } from '../../nn/transposed-convolution.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { SegmentationSpec } from './heads.js'

const normEpsilon = 1e-5

/** Feature maps of four sizes, the finest first. */
type Pyramid = readonly [ops.FloatTensor, ops.FloatTensor, ops.FloatTensor, ops.FloatTensor]

/** Unified perceptual parsing (Xiao et al. 2018, UPerNet) over four hidden states of one size. */
export class PyramidHead {
  /** Numbers of the four hidden states, counted from 1. */
  readonly features: SegmentationSpec['features']
  readonly #necks: readonly MapModule[]
  readonly #pools: readonly { readonly size: number; readonly convolution: MapModule }[]
  readonly #bottleneck: MapModule
  readonly #laterals: readonly MapModule[]
  readonly #outputs: readonly MapModule[]
  readonly #last: MapModule
  readonly #classifier: Convolution

  constructor(reader: WeightReader, width: number, { classes, features, poolSizes }: SegmentationSpec) {
    const head = reader.scope('decode_head')
    const block = (name: string, inputs: number, kernel: number) =>
      readBlock(head.scope(name), inputs, width, kernel)
    this.features = features
    this.#necks = readNecks(reader, width)
    this.#pools = poolSizes.map((size, index) => ({
      size,
      convolution: block(`psp_modules.${index}.1`, width, 1),
    }))
    this.#bottleneck = block('bottleneck', width * (1 + poolSizes.length), 3)
    this.#laterals = [0, 1, 2].map((index) => block(`lateral_convs.${index}`, width, 1))
    this.#outputs = [0, 1, 2].map((index) => block(`fpn_convs.${index}`, width, 3))
    this.#last = block('fpn_bottleneck', 4 * width, 3)
    this.#classifier = Convolution.read(head, 'classifier', { inputs: width, outputs: classes, kernel: 1 })
    reader.ignore(/^auxiliary_head\./, 'a head for training, whose result is in no output')
  }

  /** maps float32 [B, rows, columns, width] to logits [B, 4 * rows, 4 * columns, classes]. */
  forward(maps: Pyramid): ops.FloatTensor {
    const sized = maps.map((map, index) => this.#necks[index]!.forward(map))
    const coarsest = this.#pooled(sized[3]!)
    const laterals = this.#laterals.map((lateral, index) => lateral.forward(sized[index]!))
    let above = coarsest
    for (let index = 2; index >= 0; index--) {
      above = ops.add(laterals[index]!, resized(above, laterals[index]!))
      laterals[index] = above
    }
    const outputs = this.#outputs.map((output, index) => output.forward(laterals[index]!))
    const finest = outputs[0]!
    const joined = ops.concat(
      [...outputs, coarsest].map((map) => resized(map, finest)),
      3,
    )
    return this.#classifier.forward(this.#last.forward(joined))
  }

  /** Joins the coarsest map with its means over grids of several sizes (Zhao et al. 2017, PSPNet). */
  #pooled(map: ops.FloatTensor): ops.FloatTensor {
    const means = this.#pools.map(({ size, convolution }) =>
      resized(convolution.forward(adaptiveAveragePool(map, [size, size])), map),
    )
    return this.#bottleneck.forward(ops.concat([map, ...means], 3))
  }
}

function resized(map: ops.FloatTensor, like: ops.FloatTensor): ops.FloatTensor {
  return resizeMaps(map, [like.shape[1]!, like.shape[2]!], { alignCorners: false })
}

/** Four times and two times the size, the same size, and half of it. */
function readNecks(reader: WeightReader, width: number): readonly MapModule[] {
  const up = (name: string) => TransposedConvolution.read(reader, name, width, width, 2)
  const [first, second] = [up('fpn1.0'), up('fpn1.3')]
  const norm = BatchNorm.read(reader, 'fpn1.1', width, normEpsilon)
  return [
    sequence([first, norm, mapOp(activation('gelu')), second]),
    up('fpn2.0'),
    mapOp((x) => x),
    mapOp((x) => ops.maxPool2d(x, { kernel: 2 })),
  ]
}

/** A convolution without bias, with batch norm and relu. */
function readBlock(reader: WeightReader, inputs: number, outputs: number, kernel: number): ConvolutionNorm {
  const shape = { inputs, outputs, kernel, bias: false }
  const convolution = Convolution.read(reader, 'conv', shape, { padding: Math.floor(kernel / 2) })
  return new ConvolutionNorm(
    convolution,
    BatchNorm.read(reader, 'bn', outputs, normEpsilon),
    activation('relu'),
  )
}
