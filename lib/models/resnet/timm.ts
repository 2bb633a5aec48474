import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  list,
  object,
  oneOf,
  positiveInt,
  positiveInts,
  positiveNumber,
  string,
} from '../../files/config.js'
import { divisible } from '../divisible.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses, timmInputSize, timmPooling } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import { authorsNames } from './authors-names.js'
import type { ResNetLayout } from './layout.js'
import type { ChannelAttentionSpec, ResNetSpec, StageSpec, StemSpec } from './spec.js'
import { stagesOf } from './stages.js'
import { timmArchitecture } from './timm-architectures.js'

/** ResNet of timm: the architecture name implies the arguments, and model_args override them. */
export const timm: ResNetLayout = {
  library: 'timm',
  published: [
    ...[
      'resnet*',
      'resnetaa*',
      'resnetblur*',
      'resnetrs*',
      'wide_resnet*',
      'resnext*',
      'seresnet*',
      'seresnext*',
    ],
    ...['ecaresnet*', 'ecaresnext*', 'senet154', 'test_resnet'],
  ],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const args = timmArguments(config, timmArchitecture(kind.name)!, known)
    const classes = timmClasses(config, args, reader, 'fc')
    const spec = readSpec(args, classes)
    return {
      ...{ spec, names: authorsNames(spec), className: 'ResNet', tasks: imageTasks(classes > 0) },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: timmInputSize(config),
    }
  },
}

const known = [
  ...['block', 'layers', 'output_stride', 'cardinality', 'base_width', 'stem_width', 'stem_type'],
  ...['replace_stem_pool', 'block_reduce_first', 'down_kernel_size', 'avg_down', 'channels', 'act_layer'],
  ...['norm_layer', 'aa_layer', 'block_args'],
]

function readSpec(args: Config, classes: number): ResNetSpec {
  const stages = readStages(args)
  const groups = positiveInt(args, 'cardinality', 1)
  const activation = string(args, 'act_layer', 'relu').toLowerCase()
  const kernel = positiveInt(args, 'down_kernel_size', 1)
  const norms = ['batchnorm', 'batchnorm2d', 'groupnorm'] as const
  return {
    channels: positiveInt(args, 'in_chans', 3),
    stem: readStem(args),
    ...{ stages, groups, activation, innerActivation: activation, classes },
    norm: oneOf(args, 'norm_layer', norms, 'batchnorm') === 'groupnorm' ? 'group' : 'batch',
    antiAliasing: antiAliasings[oneOf(args, 'aa_layer', ['', ...antiAliasingNames], '')],
    attention: readAttention(args),
    shortcut: boolean(args, 'avg_down', false) ? 'average' : { kernel },
    pooling: timmPooling(args),
  }
}

function readStem(args: Config): StemSpec {
  const type = oneOf(args, 'stem_type', ['', 'deep', 'deep_tiered'], '')
  const width = positiveInt(args, 'stem_width', 64)
  const reduction = boolean(args, 'replace_stem_pool', false) ? 'convolution' : 'max'
  if (type === '') return { convolutions: [{ outputs: 64, kernel: 7, stride: 2 }], reduction }
  const first = type === 'deep' ? width : 3 * Math.floor(width / 4)
  if (first === 0) throw configInvalid(args, 'stem_width', 'at least 4')
  const convolutions = [first, width, 2 * width].map((outputs, index) => ({
    ...{ outputs, kernel: 3, stride: index === 0 ? 2 : 1 },
  }))
  return { convolutions, reduction }
}

const antiAliasings = {
  '': undefined,
  avg: 'average',
  avgpool: 'average',
  blur: 'blur',
  blurpool: 'blur',
} as const
const antiAliasingNames = ['avg', 'avgpool', 'blur', 'blurpool'] as const

const blocks = ['basic', 'bottleneck'] as const

function readStages(args: Config): StageSpec[] {
  const depths = positiveInts(args, 'layers')
  const planes = positiveInts(args, 'channels', [64, 128, 256, 512])
  if (depths.length !== 4 || planes.length !== 4)
    throw configInvalid(args, 'layers', 'four depths, and channels four widths')
  const kinds = Array.isArray(args.values.block)
    ? depths.map((_, index) => oneOf(list(args, 'block'), String(index), blocks))
    : depths.map(() => oneOf(args, 'block', blocks))
  const [groups, baseWidth] = [positiveInt(args, 'cardinality', 1), positiveInt(args, 'base_width', 64)]
  if (kinds.includes('basic') && (groups !== 1 || baseWidth !== 64))
    throw configInvalid(args, 'cardinality', '1, and base_width 64, for basic blocks')
  const stride = positiveInt(args, 'output_stride', 32)
  if (![8, 16, 32].includes(stride)) throw configInvalid(args, 'output_stride', '8, 16 or 32')
  return stagesOf({
    ...{ blocks: kinds, depths, planes, groups, baseWidth },
    reduceFirst: positiveInt(args, 'block_reduce_first', 1),
    // The stem has a stride of 4. A stage that would go beyond the output stride keeps its size.
    dilates: [false, stride < 8, stride < 16, stride < 32],
  })
}

function readAttention(args: Config): ChannelAttentionSpec | undefined {
  if (!isSet(args, 'block_args')) return undefined
  const block = object(args, 'block_args')
  for (const key of Object.keys(block.values))
    if (!['attn_layer', 'rd_ratio'].includes(key)) throw configInvalid(block, key, 'only the key attn_layer')
  if (!isSet(block, 'attn_layer')) return undefined
  if (oneOf(block, 'attn_layer', ['se', 'eca']) === 'eca') return { kind: 'eca' }
  const ratio = positiveNumber(block, 'rd_ratio', 1 / 16)
  return { kind: 'se', hidden: (channels) => divisible(channels * ratio, 8, 0) }
}
