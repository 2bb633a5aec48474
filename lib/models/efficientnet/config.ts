import {
  type Config,
  configInvalid,
  epsilon,
  listGetter,
  nameOf,
  oneOf,
  positiveInt,
  positiveInts,
  positiveNumber,
  string,
} from '../../files/config.js'
import { activation } from '../../nn/activation.js'
import { divisible } from '../divisible.js'
import { checkSizes } from '../sizes.js'
import type { EfficientNetSpec, MobileBlockSpec } from './spec.js'

const indices = listGetter(
  'a whole number, 0 or more',
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
)

/**
 * Reads EfficientNetConfig or AlignVisionConfig of transformers, with their defaults.
 * @param hasTop whether there is a convolution after the blocks
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readEfficientNetSpec(config: Config, hasTop: boolean): EfficientNetSpec {
  const blocks = readBlocks(config)
  const top = hasTop ? rounded(config, 1280) : 0
  if (hasTop && positiveInt(config, 'hidden_dim', 2560) !== top)
    throw configInvalid(config, 'hidden_dim', `${top}, the width of the last convolution`)
  const stem = rounded(config, 32)
  const widths = blocks.flatMap(({ expanded, outputs }) => [expanded, outputs])
  checkSizes(config.file, { width: [stem, top, ...widths] })
  return {
    channels: positiveInt(config, 'num_channels', 3),
    ...{ stem, blocks, top },
    activation: activation(string(config, 'hidden_act', 'swish'), nameOf(config, 'hidden_act')),
    epsilon: epsilon(config, 'batch_norm_eps', 0.001),
    pooling: oneOf(config, 'pooling_type', ['mean', 'max'], 'mean') === 'mean' ? 'average' : 'max',
  }
}

/** A number of channels times the width coefficient, rounded. */
function rounded(config: Config, channels: number): number {
  const divisor = positiveInt(config, 'depth_divisor', 8)
  return divisible(channels * positiveNumber(config, 'width_coefficient', 2), divisor)
}

/** The lists of the config, which have an entry for each stage. */
const lists = {
  kernel_sizes: [3, 3, 5, 3, 5, 5, 3],
  in_channels: [32, 16, 24, 40, 80, 112, 192],
  out_channels: [16, 24, 40, 80, 112, 192, 320],
  strides: [1, 2, 2, 2, 1, 2, 1],
  num_block_repeats: [1, 2, 2, 3, 3, 4, 1],
  expand_ratios: [1, 6, 6, 6, 6, 6, 6],
} as const

type ListName = keyof typeof lists

function readBlocks(config: Config): MobileBlockSpec[] {
  const channels = positiveInts(config, 'in_channels', lists.in_channels)
  const read = (name: ListName) => {
    const values = positiveInts(config, name, lists[name])
    if (values.length !== channels.length)
      throw configInvalid(config, name, `${channels.length} numbers, one for each of in_channels`)
    return values
  }
  const [kernels, outputs, strides] = [read('kernel_sizes'), read('out_channels'), read('strides')]
  const [repeats, ratios] = [read('num_block_repeats'), read('expand_ratios')]
  const factor = positiveNumber(config, 'depth_coefficient', 3.1)
  const ratio = positiveNumber(config, 'squeeze_expansion_ratio', 0.25)
  const symmetric = new Set(indices(config, 'depthwise_padding', []))
  const depths = repeats.map((count) => Math.ceil(factor * count))
  checkSizes(config.file, { layers: depths })
  const blocks: MobileBlockSpec[] = []
  for (const [stage, depth] of depths.entries())
    for (let index = 0; index < depth; index++) {
      const output = rounded(config, outputs[stage]!)
      const inputs = index > 0 ? output : rounded(config, channels[stage]!)
      const stride = index > 0 ? 1 : strides[stage]!
      const kernel = kernels[stage]!
      if (stride !== 1 && stride !== 2) throw configInvalid(config, 'strides', 'strides of 1 and 2')
      if (stride === 2 && kernel === 1)
        throw configInvalid(config, 'kernel_sizes', 'above 1 with a stride of 2')
      blocks.push({
        ...{ inputs, outputs: output, kernel, stride },
        ...{ expanded: inputs * ratios[stage]!, expands: ratios[stage] !== 1 },
        squeezed: Math.max(1, Math.trunc(inputs * ratio)),
        ...{ shiftsPadding: !symmetric.has(blocks.length), residual: stride === 1 && index > 0 },
      })
    }
  return blocks
}
