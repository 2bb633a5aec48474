import { activation } from '../../nn/activation.js'
import { Convolution } from '../../nn/convolution.js'
import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import { Linear } from '../../nn/linear.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ConvNetModules } from '../convnet/convnet.js'
import { antiAliasing, readBlock, readConvolution, readNorm } from './block.js'
import type { ResNetNames, ResNetSpec } from './spec.js'

/** Reads the weights that the spec needs, under the names of a layout. */
export function readResNet(reader: WeightReader, spec: ResNetSpec, names: ResNetNames): ConvNetModules {
  const { stem, pooling, classes } = spec
  let inputs = stem.convolutions.at(-1)!.outputs
  const stages = spec.stages.map((stage, index) => {
    const blocks = Array.from({ length: stage.depth }, (_, block) => {
      const read = readBlock(reader, names.block(index, block), spec, stage, block, inputs)
      inputs = stage.width
      return read
    })
    return sequence(blocks)
  })
  const width = pooling === 'average-and-max' ? 2 * inputs : inputs
  return {
    input: { channels: spec.channels, smallest: 1 },
    stem: readStem(reader, spec, names),
    ...{ stages, pooling },
    classifier: classes > 0 ? Linear.read(reader, names.classifier, width, classes) : undefined,
  }
}

function readStem(reader: WeightReader, spec: ResNetSpec, names: ResNetNames): MapModule {
  const act = activation(spec.activation)
  let inputs = spec.channels
  const convolutions = spec.stem.convolutions.map(({ outputs, kernel, stride }, index) => {
    const shape = { inputs, outputs, kernel }
    inputs = outputs
    const options = { stride, padding: (kernel - 1) / 2 }
    return readConvolution(reader, names.stem(index), shape, options, spec, act)
  })
  return sequence([...convolutions, readReduction(reader, spec, names, inputs)])
}

function readReduction(reader: WeightReader, spec: ResNetSpec, names: ResNetNames, width: number): MapModule {
  const pool = antiAliasing(spec, 2)
  const window = { stride: pool ? 1 : 2, padding: 1 }
  if (spec.stem.reduction === 'max') {
    const largest = mapOp((x) => ops.maxPool2d(x, { kernel: 3, ...window }))
    return spec.antiAliasing === 'average' ? pool! : sequence([largest, pool])
  }
  const shape = { inputs: width, outputs: width, kernel: 3, bias: false }
  const act = activation(spec.activation)
  if (!pool) return readConvolution(reader, names.reduction, shape, window, spec, act)
  const { convolution, norm } = names.reduction
  const read = Convolution.read(reader, convolution, shape, window)
  return sequence([read, pool, readNorm(reader, norm, width, spec), mapOp(act)])
}
