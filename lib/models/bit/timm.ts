import { type Config, configInvalid, positiveInt, positiveInts, string } from '../../files/config.js'
import { divisible } from '../divisible.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses, timmInputSize, timmPooling } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import type { BitLayout } from './layout.js'
import type { BitNames, BitSpec } from './spec.js'
import { bitStages } from './stages.js'

/** timm's ResNetV2 with the weights of BiT: resnetv2_DEPTHxFACTOR_bit. */
export const timm: BitLayout = {
  library: 'timm',
  published: ['resnetv2_*_bit'],
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

const depths: Readonly<Record<string, readonly number[]>> = {
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
}

function impliedBy(name: string): Readonly<Record<string, unknown>> | undefined {
  const [, depth = '', factor] = /^resnetv2_(\d+)x(\d)_bit(?:_teacher(?:_384)?)?(?:\.|$)/.exec(name) ?? []
  const layers = depths[depth]
  return layers && { layers, width_factor: Number(factor), stem_type: 'fixed' }
}

const known = ['layers', 'channels', 'width_factor', 'stem_chs', 'stem_type', 'act_layer']

function readSpec(args: Config): BitSpec {
  const layers = positiveInts(args, 'layers')
  const channels = positiveInts(args, 'channels', [256, 512, 1024, 2048])
  if (layers.length === 0 || channels.length !== layers.length)
    throw configInvalid(args, 'layers', 'as many depths as channels')
  if (string(args, 'stem_type') !== 'fixed') throw configInvalid(args, 'stem_type', "'fixed'")
  const factor = positiveInt(args, 'width_factor', 1)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    stem: {
      width: divisible(positiveInt(args, 'stem_chs', 64) * factor, 8),
      ...{ border: true, pooling: 'none' },
    },
    stages: bitStages(
      layers,
      channels.map((width) => width * factor),
      32,
    ),
    ...{ preactivation: true, groups: 32, padding: 'even' },
    activation: string(args, 'act_layer', 'relu').toLowerCase(),
  }
}
