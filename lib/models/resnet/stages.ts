import type { StageSpec } from './spec.js'

/** Arguments of the authors' classes that decide the sizes of stages. */
export interface StageArguments {
  /** Kind of the blocks of each stage. */
  readonly blocks: readonly StageSpec['block'][]
  readonly depths: readonly number[]
  /** Width of each stage before the expansion of bottlenecks. */
  readonly planes: readonly number[]
  readonly groups: number
  readonly baseWidth: number
  /** Factor by which the first convolution of a block is narrower. */
  readonly reduceFirst: number
  /** Whether a stage keeps its size, and has a dilation instead of a stride. The first stage has no stride. */
  readonly dilates: readonly boolean[]
}

const expansion = { basic: 1, bottleneck: 4 } as const

/** The stages as in torchvision and timm: a bottleneck is four times narrower inside, times base width and groups. */
export function stagesOf(args: StageArguments): StageSpec[] {
  const { groups, baseWidth, reduceFirst } = args
  let dilation = 1
  return args.depths.map((depth, index) => {
    const [block, planes] = [args.blocks[index]!, args.planes[index]!]
    const firstDilation = dilation
    const step = index === 0 ? 1 : 2
    const dilates = args.dilates[index] ?? false
    if (dilates) dilation *= step
    const inner = block === 'basic' ? planes : Math.floor(planes * (baseWidth / 64)) * groups
    return {
      ...{ block, depth, inner, width: planes * expansion[block] },
      first: Math.floor(inner / reduceFirst),
      ...{ stride: dilates ? 1 : step, strideAt: 'second', dilation, firstDilation },
    }
  })
}
