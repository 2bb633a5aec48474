import { activation } from '../../nn/activation.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { readBlock, readConvolution, readNorm } from './block.js'
import type { BitNames, BitSpec } from './spec.js'

/** Stem and stages of a ResNet V2. */
export interface BitModules {
  readonly stem: MapModule
  readonly stages: readonly MapModule[]
  /** Channels of the features. */
  readonly width: number
}

/** Reads the weights that the spec needs, under the names of a layout. */
export function readBit(reader: WeightReader, spec: BitSpec, names: BitNames): BitModules {
  let width = spec.stem.width
  const stages = spec.stages.map((stage, index) => {
    const blocks = Array.from({ length: stage.depth }, (_, block) => {
      const read = readBlock(reader.scope(names.block(index, block)), spec, stage, block, width)
      width = stage.width
      return read
    })
    return sequence(blocks)
  })
  return { stem: readStem(reader, spec, names), stages, width }
}

/** The norm behind pre-activation blocks, with its activation. */
export function readLastNorm(reader: WeightReader, spec: BitSpec, names: BitNames, width: number): MapModule {
  return sequence([readNorm(reader, names.norm, width, spec), mapOp(activation(spec.activation))])
}

function readStem(reader: WeightReader, spec: BitSpec, names: BitNames): MapModule {
  const { width, deep, border, pooling } = spec.stem
  const { convolution, norm } = names.stem
  const normed = spec.preactivation
    ? undefined
    : sequence([readNorm(reader, norm, width, spec), mapOp(activation(spec.activation))])
  const shape = { inputs: spec.channels, outputs: width, kernel: 7 }
  return sequence([
    deep
      ? readDeepStem(reader, spec, names, deep)
      : readConvolution(reader, convolution, shape, spec, halved),
    border ? mapOp((x) => padded(x, [1, 1], [1, 1])) : undefined,
    normed,
    pooling === 'zeros' ? mapOp(padForPooling) : undefined,
    mapOp((x) => ops.maxPool2d(x, { ...window, padding: paddings[pooling] })),
  ])
}

/** Three convolutions, with norms between them. */
function readDeepStem(
  reader: WeightReader,
  spec: BitSpec,
  { stem }: BitNames,
  inner: readonly [number, number],
): MapModule {
  const widths = [spec.channels, ...inner, spec.stem.width]
  const act = activation(spec.activation)
  return sequence(
    widths.slice(1).map((outputs, at) => {
      const shape = { inputs: widths[at]!, outputs, kernel: 3 }
      const name = `${stem.convolution}${at + 1}`
      const read = readConvolution(reader, name, shape, spec, at === 0 ? halved : {})
      if (at === inner.length) return read
      return new ConvolutionNorm(read, readNorm(reader, `${stem.norm}${at + 1}`, outputs, spec), act)
    }),
  )
}

const halved = { stride: 2 }
const window = { kernel: 3, stride: 2 } as const
const paddings = { none: 0, zeros: 0, even: 1, same: 'same' } as const

/** Zeros around the maps for the windows of `same`. */
function padForPooling(x: ops.FloatTensor): ops.FloatTensor {
  const missing = (length: number) => {
    const covered = (Math.ceil(length / window.stride) - 1) * window.stride + window.kernel
    const zeros = Math.max(0, covered - length)
    return [Math.floor(zeros / 2), Math.ceil(zeros / 2)] as const
  }
  return padded(x, missing(x.shape[1]!), missing(x.shape[2]!))
}

function padded(
  x: ops.FloatTensor,
  rows: readonly [number, number],
  columns: readonly [number, number],
): ops.FloatTensor {
  return ops.pad(x, [[0, 0], rows, columns, [0, 0]])
}
