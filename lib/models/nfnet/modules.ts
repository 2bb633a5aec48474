import { type Activation, activation } from '../../nn/activation.js'
import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import { Linear } from '../../nn/linear.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ConvNetModules } from '../convnet/convnet.js'
import { readBlock } from './block.js'
import { readScaled } from './scaled.js'
import type { NfNetSpec } from './spec.js'

/** Reads the weights that the spec needs, under the names of timm. */
export function readNfNet(reader: WeightReader, spec: NfNetSpec): ConvNetModules {
  const { channels, features, pooling, classes } = spec
  const stem = readStem(reader, spec)
  const stages = spec.stages.map((blocks, stage) =>
    sequence(blocks.map((block, index) => readBlock(reader.scope(`stages.${stage}.${index}`), block, spec))),
  )
  const inputs = spec.stages.at(-1)!.at(-1)!.outputs
  const shape = { inputs, outputs: features, kernel: 1 }
  const last = features > 0 ? readScaled(reader, 'final_conv', shape, spec, { activated: false }) : undefined
  const width = (features > 0 ? features : inputs) * (pooling === 'average-and-max' ? 2 : 1)
  return {
    input: { channels, smallest: 1 },
    ...{ stem, stages, last, lastActivation: lastActivation(spec), pooling },
    classifier: classes > 0 ? Linear.read(reader, 'head.fc', width, classes) : undefined,
  }
}

/** No convolution reads the last activation, whose gamma thus is not part of any weights. */
function lastActivation({ activation: name, gamma, gammaInActivation }: NfNetSpec): Activation {
  const act = activation(name)
  return gammaInActivation ? (x) => ops.mul(act(x), gamma) : act
}

function readStem(reader: WeightReader, spec: NfNetSpec): MapModule {
  const { convolutions, pool } = spec.stem
  const act = mapOp(activation(spec.activation))
  const parts = convolutions.flatMap(({ name, outputs, kernel, stride }, index) => {
    const inputs = convolutions[index - 1]?.outputs ?? spec.channels
    const options = { stride, activated: index > 0 }
    const convolution = readScaled(reader, `stem.${name}`, { inputs, outputs, kernel }, spec, options)
    return index > 0 ? [act, convolution] : [convolution]
  })
  const pooling = mapOp((x) => ops.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 }))
  return sequence([...parts, pool ? pooling : undefined])
}
