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
import { renameBy } from '../../weights/names.js'
import type { Description, Layout } from '../family.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import type { MixerSpec } from './spec.js'
import { className, timmArchitecture } from './timm-architectures.js'

/** timm's MlpMixer, with the blocks of MLP-Mixer, ResMLP, gMLP or gMixer. The class itself may stand for a name, with its arguments under `args`. */
export const timm: Layout<Description & { readonly spec: MixerSpec }> = {
  library: 'timm',
  published: ['mixer_*', 'resmlp_*', 'gmlp_*', 'gmixer_*', 'MlpMixer'],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const implied = timmArchitecture(kind.name)!
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

function argumentsOf(config: Config): Config['values'] {
  return object(config, 'args').values
}

const known = [
  ...['patch_size', 'num_blocks', 'embed_dim', 'mlp_ratio', 'act_layer', 'stem_norm', 'nlhb'],
  ...['block_layer', 'mlp_layer', 'norm_layer'],
]

const blocks = { MixerBlock: 'mixer', ResBlock: 'residual', SpatialGatingBlock: 'spatial-gating' } as const

/** The names of the authors of ResMLP, which timm reads too. */
const fromAuthors = renameBy([
  [/^patch_embed\./, 'stem.'],
  [/\.attn\./, '.linear_tokens.'],
  [/\.mlp\./, '.mlp_channels.'],
  [/\.gamma_(\d)$/, '.ls$1'],
])

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
  const block =
    blocks[oneOf(args, 'block_layer', ['MixerBlock', 'ResBlock', 'SpatialGatingBlock'], 'MixerBlock')]
  const mlps = block === 'spatial-gating' ? (['GatedMlp'] as const) : (['Mlp', 'GluMlp'] as const)
  const gated = oneOf(args, 'mlp_layer', mlps, 'Mlp') === 'GluMlp'
  const hidden = hiddenWidths(args, width, block)
  if ((gated || block === 'spatial-gating') && hidden.some((each) => each % 2 !== 0))
    throw configInvalid(args, 'mlp_ratio', 'ratios that make the hidden widths even')
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, width, block, gated, hidden, classes },
    norm: oneOf(args, 'norm_layer', ['LayerNorm', 'Affine'], 'LayerNorm') === 'Affine' ? 'affine' : 'layer',
    depth: positiveInt(args, 'num_blocks', 8),
    activation: activation(string(args, 'act_layer', 'gelu').toLowerCase(), nameOf(args, 'act_layer')),
    stemNorm: boolean(args, 'stem_norm', false),
  }
}

/** Of the MLPs over tokens and over channels. Blocks that have the latter alone take one ratio. */
function hiddenWidths(args: Config, width: number, block: MixerSpec['block']): readonly [number, number] {
  const ratio = ratios(args, 'mlp_ratio', [0.5, 4])
  if (block !== 'mixer' && typeof ratio !== 'number') throw configInvalid(args, 'mlp_ratio', 'one ratio')
  const [tokens, channels] = typeof ratio === 'number' ? [ratio, ratio] : ratio
  const hidden = [Math.trunc(width * tokens), Math.trunc(width * channels)] as const
  if (hidden.includes(0)) throw configInvalid(args, 'mlp_ratio', 'ratios that leave at least one channel')
  return hidden
}
