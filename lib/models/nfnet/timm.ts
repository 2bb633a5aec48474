import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  isSet,
  nonNegativeInt,
  number,
  object,
  oneOf,
  optional,
  positiveInt,
  positiveInts,
  positiveNumber,
  string,
} from '../../files/config.js'
import { divisible } from '../divisible.js'
import type { Description, Layout } from '../family.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { checkSizes } from '../sizes.js'
import { timmArguments, timmClasses, timmInputSize, timmPooling } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import type { NfAttentionSpec, NfNetSpec } from './spec.js'
import { stagesOf, stemOf } from './stages.js'
import { timmArchitecture } from './timm-architectures.js'

/** NormFreeNet of timm: the architecture name implies the arguments, and model_args override them. */
export const timm: Layout<Description & { readonly spec: NfNetSpec }> = {
  library: 'timm',
  published: ['nf_resnet*, nf_seresnet*, nf_ecaresnet*, nf_regnet_*, nfnet_*, eca_nfnet_*, dm_nfnet_*'],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const args = timmArguments(config, timmArchitecture(kind.name)!, known)
    const classes = timmClasses(config, args, reader, 'head.fc')
    return {
      ...{ spec: readSpec(args, classes), className: 'NormFreeNet', tasks: imageTasks(classes > 0) },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: timmInputSize(config),
    }
  },
}

const known = [
  ...['depths', 'channels', 'alpha', 'stem_type', 'stem_chs', 'group_size', 'attn_layer', 'attn_kwargs'],
  ...['attn_gain', 'width_factor', 'bottle_ratio', 'num_features', 'ch_div', 'reg', 'extra_conv'],
  ...['gamma_in_act', 'same_padding', 'std_conv_eps', 'skipinit', 'zero_init_fc', 'act_layer'],
  'output_stride',
]

/** By what an activation reduces the standard deviation of normal inputs, inverted. */
const gammas = {
  identity: 1,
  elu: 1.2716004848480225,
  gelu: 1.7015043497085571,
  leaky_relu: 1.70590341091156,
  relu: 1.7139588594436646,
  relu6: 1.7131484746932983,
  sigmoid: 4.803835391998291,
  silu: 1.7881293296813965,
  softplus: 1.9203323125839233,
  tanh: 1.5939117670059204,
} as const

function readSpec(args: Config, classes: number): NfNetSpec {
  const [depths, channels] = [positiveInts(args, 'depths'), positiveInts(args, 'channels')]
  if (depths.length === 0 || channels.length < depths.length)
    throw configInvalid(args, 'channels', `a width for each of the ${depths.length} depths`)
  checkSizes(args.file, { layers: depths })
  const divisor = positiveInt(args, 'ch_div', 8)
  const factor = positiveNumber(args, 'width_factor', 1)
  const rounded = (width: number) => divisible(width * factor, divisor)
  const name = oneOf(args, 'act_layer', Object.keys(gammas) as (keyof typeof gammas)[], 'silu')
  const stemWidth = rounded(optional(positiveInt, args, 'stem_chs') ?? channels[0]!)
  const stem = stemOf(args, stemWidth)
  const features = nonNegativeInt(args, 'num_features', 0)
  const reg = boolean(args, 'reg', false)
  const alpha = number(args, 'alpha', 0.2)
  const outputStride = positiveInt(args, 'output_stride', 32)
  if (![8, 16, 32].includes(outputStride)) throw configInvalid(args, 'output_stride', '8, 16 or 32')
  return {
    channels: positiveInt(args, 'in_chans', 3),
    stem,
    stages: stagesOf(args, {
      ...{ depths, widths: channels.map(rounded), divisor, reg, alpha, outputStride },
      ...{ inputs: stemWidth, stemStride: stem.pool || stem.convolutions.length === 4 ? 4 : 2 },
      groupSize: optional(positiveInt, args, 'group_size'),
      ratio: positiveNumber(args, 'bottle_ratio', 0.5),
      extraConvolution: boolean(args, 'extra_conv', false),
    }),
    features: features > 0 ? rounded(features) : 0,
    ...{ activation: name, gamma: gammas[name], alpha },
    gammaInActivation: boolean(args, 'gamma_in_act', false),
    samePadding: boolean(args, 'same_padding', false),
    epsilon: epsilon(args, 'std_conv_eps', 1e-5),
    skipGain: boolean(args, 'skipinit', false),
    ...{ attention: readAttention(args, reg), pooling: timmPooling(args), classes },
  }
}

function readAttention(args: Config, inside: boolean): NfAttentionSpec | undefined {
  if (!isSet(args, 'attn_layer') || string(args, 'attn_layer') === '') return undefined
  const kind = oneOf(args, 'attn_layer', ['se', 'eca'])
  const options = isSet(args, 'attn_kwargs') ? object(args, 'attn_kwargs') : { ...args, values: {} }
  const names = kind === 'se' ? ['rd_ratio', 'rd_divisor'] : []
  for (const key of Object.keys(options.values))
    if (!names.includes(key)) throw configInvalid(options, key, `one of the keys [${names.join(', ')}]`)
  const ratio = positiveNumber(options, 'rd_ratio', 1 / 16)
  const divisor = positiveInt(options, 'rd_divisor', 8)
  return {
    ...{ kind, inside, gain: number(args, 'attn_gain', 2) },
    hidden: (channels) => divisible(channels * ratio, divisor, 0),
  }
}
