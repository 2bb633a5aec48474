import {
  boolean,
  type Config,
  configInvalid,
  getter,
  nameOf,
  object,
  oneOf,
  positiveInt,
  sizePair,
  string,
} from '../../files/config.js'
import { activation } from '../../nn/activation.js'
import type { Description, Layout } from '../family.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import type { MixerSpec } from './mixer.js'

/** timm's MlpMixer with its default blocks. The class itself may stand for a name, with its arguments under `args`. */
export const timm: Layout<Description & { readonly spec: MixerSpec }> = {
  library: 'timm',
  published: ['mixer_*', 'MlpMixer'],
  claims: (name) => impliedBy(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const implied = impliedBy(kind.name)!
    const given =
      kind.name === className ? { ...config, values: { model_args: argumentsOf(config) } } : config
    const args = timmArguments(given, implied, known)
    const classes = timmClasses(config, args, reader, 'head')
    const spec = readSpec(args, classes)
    return {
      ...{ spec, className, tasks: imageTasks(classes > 0) },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: [spec.channels, ...spec.image],
    }
  },
}

const className = 'MlpMixer'

function argumentsOf(config: Config): Config['values'] {
  return object(config, 'args').values
}

const sizes: Readonly<Record<string, readonly [depth: number, width: number]>> = {
  s: [8, 512],
  b: [12, 768],
  l: [24, 1024],
}

function impliedBy(name: string): Readonly<Record<string, unknown>> | undefined {
  if (name === className) return {}
  const [, size = '', patch, image] = /^mixer_([sbl])(16|32)_(224)(?:_miil)?(?:\.|$)/.exec(name) ?? []
  const known = sizes[size]
  if (!known) return undefined
  return { num_blocks: known[0], embed_dim: known[1], patch_size: Number(patch), img_size: Number(image) }
}

const known = ['patch_size', 'num_blocks', 'embed_dim', 'mlp_ratio', 'act_layer', 'stem_norm', 'nlhb']

const isRatio = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
const ratios = getter(
  'a number above 0, or a list of two',
  (value): value is number | readonly [number, number] =>
    isRatio(value) || (Array.isArray(value) && value.length === 2 && value.every(isRatio)),
)

function readSpec(args: Config, classes: number): MixerSpec {
  oneOf(args, 'global_pool', ['avg'], 'avg')
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  if (image.some((length, axis) => length < patch[axis]!))
    throw configInvalid(args, 'img_size', 'at least one patch')
  const width = positiveInt(args, 'embed_dim', 512)
  const ratio = ratios(args, 'mlp_ratio', [0.5, 4])
  const [tokens, channels] = typeof ratio === 'number' ? [ratio, ratio] : ratio
  const hidden = [Math.trunc(width * tokens), Math.trunc(width * channels)] as const
  if (hidden.includes(0)) throw configInvalid(args, 'mlp_ratio', 'ratios that leave at least one channel')
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, width, hidden, classes },
    depth: positiveInt(args, 'num_blocks', 8),
    activation: activation(string(args, 'act_layer', 'gelu').toLowerCase(), nameOf(args, 'act_layer')),
    stemNorm: boolean(args, 'stem_norm', false),
  }
}
