import { activation } from '../../nn/activation.js'
import { BatchNorm } from '../../nn/batch-norm.js'
import { Convolution, type ConvolutionShape } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, mapOp, residual, sequence } from '../../nn/feature-maps.js'
import { GroupNorm, type Norm } from '../../nn/norm.js'
import { shrinkAverage } from '../../nn/pooling.js'
import { standardized } from '../../nn/standardize.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { divisible } from '../divisible.js'
import type { BitSpec, BitStageSpec } from './spec.js'

/** Epsilon of the norms, and of weight standardisation. */
const [normEpsilon, weightEpsilon] = [1e-5, 1e-8]

/** Reads a convolution without bias, whose weights may be standardised. */
export function readConvolution(
  reader: WeightReader,
  name: string,
  shape: Omit<ConvolutionShape, 'bias'>,
  spec: BitSpec,
  { stride = 1, dilation = 1 }: { stride?: number; dilation?: number } = {},
): Convolution {
  const even = Math.floor((stride - 1 + dilation * (shape.kernel - 1)) / 2)
  const options = { stride, dilation, padding: spec.padding === 'same' ? spec.padding : even }
  const read = Convolution.read(reader, name, { ...shape, bias: false }, options)
  return spec.standardized
    ? new Convolution(standardized(read.weight, weightEpsilon), undefined, read.options)
    : read
}

/** Reads a norm. */
export function readNorm(reader: WeightReader, name: string, width: number, { norm, groups }: BitSpec): Norm {
  return norm === 'batch'
    ? BatchNorm.read(reader, name, width, normEpsilon)
    : GroupNorm.read(reader, name, width, groups, normEpsilon)
}

/** Reads a block, with a shortcut if it is the first of its stage. */
export function readBlock(
  reader: WeightReader,
  spec: BitSpec,
  stage: BitStageSpec,
  index: number,
  inputs: number,
): MapModule {
  const basic = spec.block === 'basic'
  const inner = divisible(stage.width * 0.25, 8)
  const widths = basic ? [inputs, stage.width, stage.width] : [inputs, inner, inner, stage.width]
  const convolutions = readConvolutions(reader, spec, stage, index, widths)
  // A basic block has a shortcut only where it changes the shape.
  const changes = stage.stride !== 1 || inputs !== stage.width
  const projects = index === 0 && (!basic || changes)
  const shortcut = projects ? readShortcut(reader, spec, stage, inputs) : undefined
  const norms = convolutions.map((_, at) =>
    readNorm(reader, `norm${at + 1}`, widths[spec.preactivation ? at : at + 1]!, spec),
  )
  return spec.preactivation
    ? preactivated(spec, norms, convolutions, shortcut)
    : postactivated(spec, norms, convolutions, shortcut)
}

function readShortcut(
  reader: WeightReader,
  spec: BitSpec,
  { width, stride }: BitStageSpec,
  inputs: number,
): MapModule {
  const shape = { inputs, outputs: width, kernel: 1 }
  const averages = spec.shortcut === 'average'
  const read = readConvolution(reader, 'downsample.conv', shape, spec, averages ? {} : { stride })
  const pool = averages && stride > 1 ? mapOp((x) => shrinkAverage(x, stride)) : undefined
  const norm = spec.preactivation ? undefined : readNorm(reader, 'downsample.norm', width, spec)
  return sequence([pool, new ConvolutionNorm(read, norm)])
}

function readConvolutions(
  reader: WeightReader,
  spec: BitSpec,
  stage: BitStageSpec,
  index: number,
  widths: readonly number[],
): readonly Convolution[] {
  const stride = index === 0 ? stage.stride : 1
  const firstDilation = stage.dilation <= 2 ? 1 : 2
  // transformers does not dilate pre-activation blocks, whatever the output stride is.
  const dilation = spec.preactivation ? 1 : index === 0 ? firstDilation : stage.dilation
  const basic = spec.block === 'basic'
  return widths.slice(1).map((outputs, at) => {
    const shape = { inputs: widths[at]!, outputs, kernel: basic || at === 1 ? 3 : 1 }
    const strided = at === (basic ? 0 : 1) ? { stride, dilation } : {}
    return readConvolution(reader, `conv${at + 1}`, shape, spec, strided)
  })
}

/** Norms are after the convolutions; the last activation is after the sum. */
function postactivated(
  spec: BitSpec,
  norms: readonly Norm[],
  convolutions: readonly Convolution[],
  shortcut: MapModule | undefined,
): MapModule {
  const act = activation(spec.activation)
  const last = convolutions.length - 1
  const branch = convolutions.map(
    (convolution, at) => new ConvolutionNorm(convolution, norms[at], at < last ? act : undefined),
  )
  return residual(sequence(branch), shortcut, act)
}

/** Norms are before the convolutions; the shortcut, if there is one, is of the normed maps. */
function preactivated(
  spec: BitSpec,
  norms: readonly Norm[],
  convolutions: readonly Convolution[],
  shortcut: MapModule | undefined,
): MapModule {
  const act = activation(spec.activation)
  const branch = sequence(
    convolutions.map((convolution, at) => {
      const next = norms[at + 1]
      return new ConvolutionNorm(convolution, next, next && act)
    }),
  )
  return mapOp((x) => {
    const normed = act(norms[0]!.forward(x))
    return ops.add(branch.forward(normed), shortcut?.forward(normed) ?? x)
  })
}
