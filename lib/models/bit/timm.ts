import {
  boolean,
  type Config,
  configInvalid,
  oneOf,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { divisible } from '../divisible.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses, timmInputSize, timmPooling } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import type { BitLayout } from './layout.js'
import type { BitNames, BitSpec, BitStemSpec } from './spec.js'
import { bitStages } from './stages.js'

/** timm's ResNetV2: BiT's resnetv2_DEPTHxFACTOR_bit, and resnetv2_DEPTH[d|t][_gn] with other norms and stems. */
export const timm: BitLayout = {
  library: 'timm',
  published: ['resnetv2_*'],
  claims: (name) => impliedBy(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const args = timmArguments(config, impliedBy(kind.name)!, known)
    const classes = timmClasses(config, args, reader, 'head.fc')
    return {
      ...{ spec: readSpec(args), names: timmNames('', 'stem.'), className: 'ResNetV2' },
      head: { pooling: timmPooling(args), classes },
      tasks: imageTasks(classes > 0),
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: timmInputSize(config),
    }
  },
}

/** Names of timm's ResNetV2 under a prefix. @param stem prefix of the stem's modules */
export function timmNames(prefix: string, stem: string): BitNames {
  return {
    stem: { convolution: `${prefix}${stem}conv`, norm: `${prefix}${stem}norm` },
    block: (stage, block) => `${prefix}stages.${stage}.blocks.${block}`,
    norm: `${prefix}norm`,
    classifier: `${prefix}head.fc`,
  }
}

type Arguments = Readonly<Record<string, unknown>>

const bottlenecks: Readonly<Record<string, readonly number[]>> = {
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
}

const basics: Readonly<Record<string, readonly number[]>> = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] }

function impliedBy(name: string): Arguments | undefined {
  return bigTransfer(name) ?? plain(name)
}

function bigTransfer(name: string): Arguments | undefined {
  const [, depth = '', factor] = /^resnetv2_(\d+)x(\d)_bit(?:_teacher(?:_384)?)?(?:\.|$)/.exec(name) ?? []
  const layers = bottlenecks[depth]
  return layers && { layers, width_factor: Number(factor), stem_type: 'fixed' }
}

/** Those whose convolutions are not standardised: d and t have a stem of three convolutions, and pooling shortcuts. */
function plain(name: string): Arguments | undefined {
  const [, depth = '', variant, norm] = /^resnetv2_(\d+)([dt])?(_gn)?(?:\.|$)/.exec(name) ?? []
  const basic = basics[depth]
  const layers = basic ?? bottlenecks[depth]
  if (!layers) return undefined
  return {
    ...{ layers, ...(basic && { basic: true, channels: [64, 128, 256, 512] }) },
    stem_type: variant === 't' ? 'tiered' : variant === 'd' ? 'deep' : '',
    avg_down: variant !== undefined,
    conv_layer: 'conv2d',
    norm_layer: norm ? 'groupnorm' : 'batchnorm2d',
  }
}

const known = [
  ...['layers', 'channels', 'width_factor', 'stem_chs', 'stem_type', 'act_layer'],
  ...['basic', 'avg_down', 'conv_layer', 'norm_layer'],
]

function readSpec(args: Config): BitSpec {
  const layers = positiveInts(args, 'layers')
  const channels = positiveInts(args, 'channels', [256, 512, 1024, 2048])
  if (layers.length === 0 || channels.length !== layers.length)
    throw configInvalid(args, 'layers', 'as many depths as channels')
  const factor = positiveInt(args, 'width_factor', 1)
  const stages = bitStages(
    layers,
    channels.map((width) => width * factor),
    32,
  )
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ stem: readStem(args, factor), stages },
    ...{ preactivation: true, groups: 32, padding: 'even' },
    activation: string(args, 'act_layer', 'relu').toLowerCase(),
    block: boolean(args, 'basic', false) ? 'basic' : 'bottleneck',
    standardized: oneOf(args, 'conv_layer', ['StdConv2d', 'conv2d'], 'StdConv2d') === 'StdConv2d',
    norm:
      oneOf(args, 'norm_layer', ['groupnorm', 'batchnorm2d'], 'groupnorm') === 'groupnorm'
        ? 'group'
        : 'batch',
    shortcut: boolean(args, 'avg_down', false) ? 'average' : 'strided',
  }
}

function readStem(args: Config, factor: number): BitStemSpec {
  const width = divisible(positiveInt(args, 'stem_chs', 64) * factor, 8)
  const type = oneOf(args, 'stem_type', ['', 'fixed', 'deep', 'tiered'])
  if (type === 'fixed') return { width, border: true, pooling: 'none' }
  const first = type === 'deep' ? width / 2 : Math.floor((3 * width) / 8)
  const deep = type === '' ? undefined : ([first, width / 2] as const)
  return { width, deep, border: false, pooling: 'even' }
}
