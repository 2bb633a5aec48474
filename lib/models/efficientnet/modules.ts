import { BatchNorm } from '../../nn/batch-norm.js'
import { SqueezeExcite } from '../../nn/channel-attention.js'
import { Convolution, type ConvolutionShape } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, residual, sequence } from '../../nn/feature-maps.js'
import type * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { EfficientNetSpec, MobileBlockSpec } from './spec.js'

/** Stem and blocks of an EfficientNet, and the convolution after them. */
export interface EfficientNetModules {
  readonly stem: MapModule
  readonly blocks: readonly MapModule[]
  readonly top: MapModule | undefined
  /** Channels of the features. */
  readonly width: number
}

/** Reads the weights that the spec needs, under the names of transformers. */
export function readEfficientNet(reader: WeightReader, spec: EfficientNetSpec): EfficientNetModules {
  const { channels, stem, blocks, top } = spec
  const last = blocks.at(-1)?.outputs ?? stem
  const list = reader.scope('encoder.blocks')
  const first = { inputs: channels, outputs: stem, kernel: 3 }
  const stride2 = { stride: 2, padding: { before: 0, after: 1 } }
  return {
    stem: readNormed(reader, ['embeddings.convolution', 'embeddings.batchnorm'], first, stride2, spec),
    blocks: blocks.map((block, index) => readBlock(list.scope(index), block, spec)),
    top: top > 0 ? readTop(reader, { inputs: last, outputs: top, kernel: 1 }, spec) : undefined,
    width: top > 0 ? top : last,
  }
}

function readTop(reader: WeightReader, shape: ConvolutionShape, spec: EfficientNetSpec): MapModule {
  return readNormed(reader, ['encoder.top_conv', 'encoder.top_bn'], shape, {}, spec)
}

function readBlock(reader: WeightReader, block: MobileBlockSpec, spec: EfficientNetSpec): MapModule {
  const { inputs, expanded, squeezed, outputs, kernel } = block
  const expansion = ['expansion.expand_conv', 'expansion.expand_bn'] as const
  const depthwise = ['depthwise_conv.depthwise_conv', 'depthwise_conv.depthwise_norm'] as const
  const projection = ['projection.project_conv', 'projection.project_bn'] as const
  const filters = { inputs: expanded, outputs: expanded, kernel, groups: expanded }
  const branch = sequence([
    block.expands
      ? readNormed(reader, expansion, { inputs, outputs: expanded, kernel: 1 }, {}, spec)
      : undefined,
    readNormed(reader, depthwise, filters, { stride: block.stride, padding: paddingOf(block) }, spec),
    new SqueezeExcite(reader, ['squeeze_excite.reduce', 'squeeze_excite.expand'], {
      ...{ channels: expanded, hidden: squeezed, activation: spec.activation },
    }),
    readNormed(reader, projection, { inputs: expanded, outputs, kernel: 1 }, {}, spec, false),
  ])
  return block.residual ? residual(branch) : branch
}

/** correct_pad of the library: right for maps of even size, whatever size they have. */
function paddingOf({ kernel, stride, shiftsPadding }: MobileBlockSpec): ops.Padding {
  if (stride === 1) return 'same'
  const half = Math.floor(kernel / 2)
  return shiftsPadding ? { before: half - 1, after: half } : half
}

function readNormed(
  reader: WeightReader,
  [convolution, norm]: readonly [string, string],
  shape: ConvolutionShape,
  options: ops.ConvolutionOptions,
  { epsilon, activation }: EfficientNetSpec,
  activate = true,
): MapModule {
  const read = Convolution.read(reader, convolution, { ...shape, bias: false }, options)
  const batchNorm = BatchNorm.read(reader, norm, shape.outputs, epsilon)
  return new ConvolutionNorm(read, batchNorm, activate ? activation : undefined)
}
