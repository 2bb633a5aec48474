import { type Config, configInvalid, oneOf } from '../../files/config.js'
import { divisible } from '../divisible.js'
import type { NfBlockSpec, NfStemSpec } from './spec.js'

const stemTypes = [
  ...(['', 'deep', 'deep_tiered', 'deep_quad', '3x3', '7x7', 'deep_pool', '3x3_pool', '7x7_pool'] as const),
]

/** The stem of timm's argument stem_type. */
export function stemOf(args: Config, width: number): NfStemSpec {
  const type = oneOf(args, 'stem_type', stemTypes, '3x3')
  const pool = type.endsWith('_pool')
  if (!type.startsWith('deep')) {
    const kernel = type.startsWith('3x3') ? 3 : 7
    return { convolutions: [{ name: 'conv', outputs: width, kernel, stride: 2 }], pool }
  }
  const quad = type === 'deep_quad'
  const first = type === 'deep_tiered' ? (3 * width) / 8 : width / 2
  const widths = (quad ? [width / 8, width / 4, width / 2, width] : [first, width / 2, width]).map(Math.floor)
  if (widths.includes(0)) throw configInvalid(args, 'stem_chs', 'a width that can be divided by 8')
  const convolutions = widths.map((outputs, index) => ({
    ...{ name: `conv${index + 1}`, outputs, kernel: 3, stride: index === 0 || index === 3 ? 2 : 1 },
  }))
  return { convolutions, pool }
}

interface StageArguments {
  readonly depths: readonly number[]
  readonly widths: readonly number[]
  /** Channels of the stem. */
  readonly inputs: number
  readonly stemStride: number
  readonly outputStride: number
  readonly groupSize: number | undefined
  readonly ratio: number
  readonly divisor: number
  readonly reg: boolean
  readonly alpha: number
  readonly extraConvolution: boolean
}

/** The blocks of all stages. A stage that would go beyond the output stride is dilated instead. */
export function stagesOf(config: Config, args: StageArguments): NfBlockSpec[][] {
  const { depths, widths, alpha, extraConvolution } = args
  let { inputs, stemStride: reached } = args
  let [dilation, variance] = [1, 1]
  return depths.map((depth, stage) => {
    let stride = stage === 0 && args.stemStride > 2 ? 1 : 2
    if (reached >= args.outputStride && stride > 1) {
      dilation *= stride
      stride = 1
    }
    reached *= stride
    const outputs = widths[stage]!
    return Array.from({ length: depth }, (_, index) => {
      const ratio = args.reg && stage === 0 && index === 0 ? 1 : args.ratio
      const block: NfBlockSpec = {
        ...{ inputs, outputs, dilation, extraConvolution, beta: 1 / Math.sqrt(variance) },
        ...innerWidth(config, args, (args.reg ? inputs : outputs) * ratio),
        stride: index === 0 ? stride : 1,
        firstDilation: index > 0 ? dilation : dilation <= 2 ? 1 : 2,
      }
      // The first block of a stage resets the expected variance.
      variance = (index === 0 ? 1 : variance) + alpha ** 2
      inputs = outputs
      return block
    })
  })
}

function innerWidth(
  config: Config,
  { divisor, groupSize }: StageArguments,
  width: number,
): { inner: number; groups: number } {
  const inner = divisible(width, divisor)
  if (groupSize === undefined) return { inner, groups: 1 }
  const groups = Math.floor(inner / groupSize)
  if (groups === 0) throw configInvalid(config, 'group_size', `at most ${inner}, the width inside of a block`)
  if (groupSize % divisor === 0) return { inner: groupSize * groups, groups }
  if (inner % groups !== 0) throw configInvalid(config, 'group_size', `a divisor of ${inner}`)
  return { inner, groups }
}
