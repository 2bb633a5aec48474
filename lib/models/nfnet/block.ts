import { activation } from '../../nn/activation.js'
import { EfficientChannelAttention, SqueezeExcite } from '../../nn/channel-attention.js'
import type { Convolution } from '../../nn/convolution.js'
import { type MapModule, mapOp, sequence } from '../../nn/feature-maps.js'
import { parameter } from '../../nn/linear.js'
import { shrinkAverage } from '../../nn/pooling.js'
import * as ops from '../../ops/index.js'
import { constantFull } from '../../tensor/constant.js'
import type { WeightReader } from '../../weights/reader.js'
import { readScaled } from './scaled.js'
import type { NfBlockSpec, NfNetSpec } from './spec.js'

/** Reads one block: alpha * branch(beta * activation(x)) + shortcut (Brock et al. 2021, section 2). */
export function readBlock(reader: WeightReader, block: NfBlockSpec, spec: NfNetSpec): MapModule {
  const { attention } = spec
  const gain = branchGain(reader, spec)
  const last = attention && !attention.inside
  const act = mapOp(activation(spec.activation))
  const convolutions = readConvolutions(reader, block, spec, last ? undefined : gain)
  const [first, ...others] = convolutions
  const branch = sequence([
    first,
    ...others.slice(0, -1).flatMap((convolution) => [act, convolution]),
    attention?.inside ? readAttention(reader, 'attn', block.inner, spec) : undefined,
    act,
    others.at(-1),
    last ? readAttention(reader, 'attn_last', block.outputs, spec, gain) : undefined,
  ])
  const shortcut = readShortcut(reader, block, spec)
  return mapOp((x) => {
    const activated = act.forward(x)
    return ops.add(branch.forward(activated), shortcut?.forward(activated) ?? x)
  })
}

/** Factor of a branch, float32 []. */
function branchGain(reader: WeightReader, { alpha, skipGain }: NfNetSpec): ops.FloatTensor {
  const constant = constantFull([], alpha, 'float32')
  return skipGain ? ops.mul(parameter(reader, 'skipinit_gain', []), constant) : constant
}

function readConvolutions(
  reader: WeightReader,
  block: NfBlockSpec,
  spec: NfNetSpec,
  outputFactor: ops.FloatTensor | undefined,
): Convolution[] {
  const { inputs, inner, outputs, groups, stride, dilation, firstDilation, beta } = block
  const grouped = { inputs: inner, outputs: inner, kernel: 3, groups }
  const narrow = { inputs, outputs: inner, kernel: 1 }
  const wide = { inputs: inner, outputs, kernel: 1 }
  return [
    readScaled(reader, 'conv1', narrow, spec, { activated: true, inputFactor: beta }),
    readScaled(reader, 'conv2', grouped, spec, { activated: true, stride, dilation: firstDilation }),
    ...(block.extraConvolution
      ? [readScaled(reader, 'conv2b', grouped, spec, { activated: true, dilation })]
      : []),
    readScaled(reader, 'conv3', wide, spec, { activated: true, outputFactor }),
  ]
}

function readShortcut(reader: WeightReader, block: NfBlockSpec, spec: NfNetSpec): MapModule | undefined {
  const { inputs, outputs, stride, dilation, firstDilation, beta } = block
  if (inputs === outputs && stride === 1 && dilation === firstDilation) return undefined
  const shape = { inputs, outputs, kernel: 1 }
  const convolution = readScaled(reader, 'downsample.conv', shape, spec, {
    activated: true,
    inputFactor: beta,
  })
  if (stride === 1 && dilation === 1) return convolution
  return sequence([mapOp((x) => shrinkAverage(x, dilation === 1 ? stride : 1)), convolution])
}

/** @param factor a constant factor after the attention, float32 [] */
function readAttention(
  reader: WeightReader,
  name: string,
  channels: number,
  { attention }: NfNetSpec,
  factor?: ops.FloatTensor,
): MapModule {
  const { kind, hidden, gain } = attention!
  const own = constantFull([], gain, 'float32')
  const all = factor ? ops.mul(own, factor) : own
  if (kind === 'eca') return new EfficientChannelAttention(reader, `${name}.conv`, channels, all)
  const sizes = { channels, hidden: hidden(channels), gain: all }
  return new SqueezeExcite(reader, [`${name}.fc1`, `${name}.fc2`], sizes)
}
