import { type Activation, activation } from '../../nn/activation.js'
import { BatchNorm } from '../../nn/batch-norm.js'
import { EfficientChannelAttention, SqueezeExcite } from '../../nn/channel-attention.js'
import { Convolution, type ConvolutionShape } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, mapOp, residual, sequence } from '../../nn/feature-maps.js'
import { GroupNorm, type Norm } from '../../nn/norm.js'
import { blurPool, shrinkAverage } from '../../nn/pooling.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { BlockNames, ConvolutionNames, ResNetSpec, StageSpec } from './spec.js'

/** Epsilon of all norms: PyTorch's default. */
const epsilon = 1e-5
const normGroups = 32

/** Reads a convolution without bias, and its norm. */
export function readConvolution(
  reader: WeightReader,
  { convolution, norm }: ConvolutionNames,
  shape: Omit<ConvolutionShape, 'bias'>,
  options: ops.ConvolutionOptions,
  spec: ResNetSpec,
  act?: Activation,
): MapModule {
  const read = Convolution.read(reader, convolution, { ...shape, bias: false }, options)
  return new ConvolutionNorm(read, readNorm(reader, norm, shape.outputs, spec), act)
}

export function readNorm(reader: WeightReader, name: string, width: number, { norm }: ResNetSpec): Norm {
  return norm === 'batch'
    ? BatchNorm.read(reader, name, width, epsilon)
    : GroupNorm.read(reader, name, width, normGroups, epsilon)
}

/** Reads one block (He et al. 2015, figures 2 and 5) of a stage. */
export function readBlock(
  reader: WeightReader,
  names: BlockNames,
  spec: ResNetSpec,
  stage: StageSpec,
  index: number,
  inputs: number,
): MapModule {
  const stride = index === 0 ? stage.stride : 1
  const branch = sequence([
    ...branchOf(reader, names, spec, stage, index, inputs),
    readAttention(reader, names.attention, spec, stage.width),
  ])
  const needsShortcut = index === 0 && (stride !== 1 || inputs !== stage.width)
  const shortcut = needsShortcut ? readShortcut(reader, names.shortcut, spec, stage, inputs) : undefined
  return residual(branch, shortcut, activation(spec.activation))
}

/** The pooling of an anti-aliased convolution: x [B, H, W, C] to [B, H / stride, W / stride, C]. */
export function antiAliasing({ antiAliasing: kind }: ResNetSpec, stride: number): MapModule | undefined {
  if (kind === 'blur') return mapOp((x) => blurPool(x, stride))
  return kind && mapOp((x) => ops.avgPool2d(x, { kernel: stride }))
}

function branchOf(
  reader: WeightReader,
  names: BlockNames,
  spec: ResNetSpec,
  stage: StageSpec,
  index: number,
  inputs: number,
): (MapModule | undefined)[] {
  const { block, first, inner, width, dilation } = stage
  const [stride, firstDilation] = index === 0 ? [stage.stride, stage.firstDilation] : [1, dilation]
  const act = activation(spec.innerActivation)
  const read = (at: number, shape: ConvolutionShape, options: ops.ConvolutionOptions, last = false) =>
    readConvolution(reader, names.convolution(at), shape, options, spec, last ? undefined : act)
  const dilated = (by: number) => ({ padding: by, dilation: by })
  const pooled = stride > 1 || firstDilation !== dilation
  const pool = pooled ? antiAliasing(spec, stride) : undefined
  const step = pool ? 1 : stride
  if (block === 'basic')
    return [
      read(0, { inputs, outputs: first, kernel: 3 }, { stride: step, ...dilated(firstDilation) }),
      pool,
      read(1, { inputs: first, outputs: width, kernel: 3 }, dilated(dilation), true),
    ]
  const [one, two] = stage.strideAt === 'first' ? [step, 1] : [1, step]
  const middle = { inputs: first, outputs: inner, kernel: 3, groups: spec.groups }
  return [
    read(0, { inputs, outputs: first, kernel: 1 }, { stride: one }),
    read(1, middle, { stride: two, ...dilated(firstDilation) }),
    pool,
    read(2, { inputs: inner, outputs: width, kernel: 1 }, {}, true),
  ]
}

function readShortcut(
  reader: WeightReader,
  names: ConvolutionNames,
  spec: ResNetSpec,
  { stride, dilation, firstDilation, width: outputs }: StageSpec,
  inputs: number,
): MapModule {
  const keepsSize = stride === 1 && dilation === 1
  if (typeof spec.shortcut === 'string') {
    const shrink =
      spec.shortcut === 'average'
        ? (x: ops.FloatTensor) => shrinkAverage(x, dilation === 1 ? stride : 1)
        : (x: ops.FloatTensor) => ops.avgPool2d(x, { kernel: stride })
    const pool = keepsSize ? undefined : mapOp(shrink)
    return sequence([pool, readConvolution(reader, names, { inputs, outputs, kernel: 1 }, {}, spec)])
  }
  const kernel = keepsSize ? 1 : spec.shortcut.kernel
  const spread = kernel > 1 ? firstDilation : 1
  const padding = Math.floor((stride - 1 + spread * (kernel - 1)) / 2)
  const options = { stride, dilation: spread, padding }
  return readConvolution(reader, names, { inputs, outputs, kernel }, options, spec)
}

function readAttention(
  reader: WeightReader,
  name: string,
  { attention }: ResNetSpec,
  channels: number,
): MapModule | undefined {
  if (!attention) return undefined
  if (attention.kind === 'eca') return new EfficientChannelAttention(reader, `${name}.conv`, channels)
  const hidden = attention.hidden(channels)
  return new SqueezeExcite(reader, [`${name}.fc1`, `${name}.fc2`], { channels, hidden })
}
