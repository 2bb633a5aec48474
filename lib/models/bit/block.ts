import { activation } from '../../nn/activation.js'
import { Convolution, type ConvolutionShape } from '../../nn/convolution.js'
import { type MapModule, mapOp, residual, sequence } from '../../nn/feature-maps.js'
import { GroupNorm } from '../../nn/norm.js'
import { standardized } from '../../nn/standardize.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { divisible } from '../divisible.js'
import type { BitSpec, BitStageSpec } from './spec.js'

/** Epsilon of the group norms, and of weight standardisation. */
const [normEpsilon, weightEpsilon] = [1e-5, 1e-8]

/** Reads a convolution without bias whose weights are standardised. */
export function readStandardized(
  reader: WeightReader,
  name: string,
  shape: Omit<ConvolutionShape, 'bias'>,
  { padding }: BitSpec,
  { stride = 1, dilation = 1 }: { stride?: number; dilation?: number } = {},
): Convolution {
  const even = Math.floor((stride - 1 + dilation * (shape.kernel - 1)) / 2)
  const options = { stride, dilation, padding: padding === 'same' ? padding : even }
  const { weight, options: all } = Convolution.read(reader, name, { ...shape, bias: false }, options)
  return new Convolution(standardized(weight, weightEpsilon), undefined, all)
}

/** Reads a group norm, with the activation after it unless `activate` is false. */
export function readNorm(
  reader: WeightReader,
  name: string,
  width: number,
  { groups, activation: act }: BitSpec,
  activate = true,
): MapModule {
  const norm = GroupNorm.read(reader, name, width, groups, normEpsilon)
  return activate ? sequence([norm, mapOp(activation(act))]) : norm
}

/** Reads a bottleneck block, with a shortcut if it is the first of its stage. */
export function readBlock(
  reader: WeightReader,
  spec: BitSpec,
  stage: BitStageSpec,
  index: number,
  inputs: number,
): MapModule {
  const inner = divisible(stage.width * 0.25, 8)
  const widths = [inputs, inner, inner, stage.width] as const
  const convolutions = readConvolutions(reader, spec, stage, index, widths)
  const [stride, first] = [index === 0 ? stage.stride : 1, index === 0]
  const shape = { inputs, outputs: stage.width, kernel: 1 }
  const shortcut = first ? readStandardized(reader, 'downsample.conv', shape, spec, { stride }) : undefined
  const norms = [1, 2, 3].map((at) => {
    const width = widths[spec.preactivation ? at - 1 : at]!
    return readNorm(reader, `norm${at}`, width, spec, spec.preactivation || at < 3)
  })
  if (spec.preactivation) return preactivated(norms, convolutions, shortcut)
  const projection =
    shortcut && sequence([shortcut, readNorm(reader, 'downsample.norm', stage.width, spec, false)])
  const branch = sequence(convolutions.flatMap((convolution, at) => [convolution, norms[at]]))
  return residual(branch, projection, activation(spec.activation))
}

function readConvolutions(
  reader: WeightReader,
  spec: BitSpec,
  stage: BitStageSpec,
  index: number,
  [inputs, inner, , outputs]: readonly [number, number, number, number],
): readonly Convolution[] {
  const stride = index === 0 ? stage.stride : 1
  const firstDilation = stage.dilation <= 2 ? 1 : 2
  // transformers does not dilate pre-activation blocks, whatever the output stride is.
  const dilation = spec.preactivation ? 1 : index === 0 ? firstDilation : stage.dilation
  const middle = { stride, dilation }
  return [
    readStandardized(reader, 'conv1', { inputs, outputs: inner, kernel: 1 }, spec),
    readStandardized(reader, 'conv2', { inputs: inner, outputs: inner, kernel: 3 }, spec, middle),
    readStandardized(reader, 'conv3', { inputs: inner, outputs, kernel: 1 }, spec),
  ]
}

/** The shortcut, if there is one, is of the normed maps. */
function preactivated(
  norms: readonly MapModule[],
  convolutions: readonly Convolution[],
  shortcut: Convolution | undefined,
): MapModule {
  const [norm, ...later] = norms
  const rest = later.flatMap((next, at) => [next, convolutions[at + 1]])
  const branch = sequence([convolutions[0], ...rest])
  return mapOp((x) => {
    const normed = norm!.forward(x)
    return ops.add(branch.forward(normed), shortcut?.forward(normed) ?? x)
  })
}
