import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { readBlock, readNorm, readStandardized } from './block.js'
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

function readStem(reader: WeightReader, spec: BitSpec, names: BitNames): MapModule {
  const { width, border, pooling } = spec.stem
  const shape = { inputs: spec.channels, outputs: width, kernel: 7 }
  return sequence([
    readStandardized(reader, names.stem.convolution, shape, spec, { stride: 2 }),
    border ? mapOp((x) => padded(x, [1, 1], [1, 1])) : undefined,
    spec.preactivation ? undefined : readNorm(reader, names.stem.norm, width, spec),
    pooling === 'zeros' ? mapOp(padForPooling) : undefined,
    mapOp((x) => ops.maxPool2d(x, { ...window, padding: paddings[pooling] })),
  ])
}

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
