import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  isSet,
  nonNegativeInt,
  object,
  oneOf,
  optional,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { divisible } from '../divisible.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { fromAuthors } from './authors-names.js'
import type { ConvNextLayout } from './layout.js'
import type { ConvNextNames, ConvNextSpec, HeadSpec, StageSpec } from './spec.js'

/** Depths of the stages and width of the first, by the size in timm's architecture names. */
const sizes: Record<string, readonly [depths: readonly number[], width: number]> = {
  atto: [[2, 2, 6, 2], 40],
  femto: [[2, 2, 6, 2], 48],
  pico: [[2, 2, 6, 2], 64],
  nano: [[2, 2, 8, 2], 80],
  tiny: [[3, 3, 9, 3], 96],
  small: [[3, 3, 27, 3], 96],
  base: [[3, 3, 27, 3], 128],
  large: [[3, 3, 27, 3], 192],
  xlarge: [[3, 3, 27, 3], 256],
  huge: [[3, 3, 27, 3], 352],
  xxlarge: [[3, 4, 30, 3], 384],
}

const stems: Record<string, string> = {
  atto_ols: 'overlap_tiered',
  femto_ols: 'overlap_tiered',
  pico_ols: 'overlap_tiered',
  nano_ols: 'overlap',
}

interface Implied {
  readonly depths: readonly number[]
  readonly dims: readonly number[]
  readonly stem: string
  readonly grn: boolean
  readonly epsilon: number
  readonly normFirst: boolean
  readonly hidden: number | undefined
  readonly norm: 'layernorm' | 'rmsnorm2d'
}

/**
 * Parses convnext[v2]_SIZE[_ols|_rms|_hnf|_mlp], with or without a pretrained tag after a dot. undefined if it is not a
 * name of timm's ConvNeXt.
 */
function impliedBy(architecture: string): Implied | undefined {
  const [, version, size = '', extra = ''] =
    /^convnext(v2)?_([a-z]+)(?:_(ols|rms|hnf|mlp))?(?:\.|$)/.exec(architecture) ?? []
  const known = Object.hasOwn(sizes, size) ? sizes[size] : undefined
  if (!known) return undefined
  const [depths, width] = known
  return {
    depths,
    dims: [1, 2, 4, 8].map((factor) => factor * width),
    stem: stems[`${size}_${extra}`] ?? 'patch',
    grn: version !== undefined,
    epsilon: size === 'xxlarge' ? 1e-5 : 1e-6,
    normFirst: extra === 'hnf',
    hidden: extra === 'mlp' ? 8 * width : undefined,
    norm: extra === 'rms' ? 'rmsnorm2d' : 'layernorm',
  }
}

/** ConvNeXt of timm: the architecture name implies the arguments, and model_args override them. */
export const timm: ConvNextLayout = {
  library: 'timm',
  published: ['convnext_*', 'convnextv2_*'],
  claims: (name) => impliedBy(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const declared = readSpec(config, impliedBy(kind.name)!)
    const names = namesFor(declared)
    const classes = storedClasses(config, declared.head.classes, reader, names.classifier)
    const spec = { ...declared, head: { ...declared.head, classes } }
    reader.ignore(/^(projectors|norms)\./, 'heads of distillation, which timm leaves out too')
    if (classes === 0) reader.ignore(/^head\.fc\./, 'num_classes is 0')
    return {
      ...{ spec, names, className: kind.name },
      tasks: imageTasks(classes > 0),
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: inputSize(config),
    }
  },
}

/** Arguments of timm's class that change how a checkpoint is read or run, and those that do not. */
const known = [
  ...[
    'in_chans',
    'num_classes',
    'global_pool',
    'output_stride',
    'depths',
    'dims',
    'kernel_sizes',
    'ls_init_value',
  ],
  ...[
    'stem_type',
    'patch_size',
    'head_norm_first',
    'head_hidden_size',
    'conv_mlp',
    'conv_bias',
    'use_grn',
    'act_layer',
  ],
  ...['norm_layer', 'norm_eps', 'drop_rate', 'drop_path_rate', 'head_init_scale', 'img_size'],
]

function readSpec(config: Config, implied: Implied): ConvNextSpec {
  const args = isSet(config, 'model_args') ? object(config, 'model_args') : { ...config, values: {} }
  for (const key of Object.keys(args.values))
    if (!known.includes(key))
      throw configInvalid(args, key, `no such argument (supported are ${known.join(', ')})`)
  if (positiveInt(args, 'output_stride', 32) !== 32) throw configInvalid(args, 'output_stride', '32')
  const grn = boolean(args, 'use_grn', implied.grn)
  const dims = positiveInts(args, 'dims', implied.dims)
  const stemType = oneOf(
    args,
    'stem_type',
    ['patch', 'overlap', 'overlap_tiered', 'overlap_act'],
    implied.stem as 'patch',
  )
  const patch = stemType === 'patch' ? positiveInt(args, 'patch_size', 4) : 4
  const norm = oneOf(args, 'norm_layer', ['layernorm', 'layernorm2d', 'rmsnorm', 'rmsnorm2d'], implied.norm)
  const normEpsilon = epsilon(args, 'norm_eps', implied.epsilon)
  const kinds = {
    patch: 'patch',
    overlap: 'overlap',
    overlap_tiered: 'overlap',
    overlap_act: 'overlap-activation',
  } as const
  return {
    channels: positiveInt(args, 'in_chans', inputSize(config)?.[0] ?? 3),
    stem: {
      kind: kinds[stemType],
      patch,
      middle: stemType === 'overlap_tiered' ? divisible(Math.floor(dims[0]! / 2), 8) : dims[0]!,
    },
    stages: readStages(args, implied, dims, patch),
    convBias: boolean(args, 'conv_bias', true),
    // A V2 name implies no layer scale; otherwise only `null` turns it off.
    layerScale: 'ls_init_value' in args.values ? args.values.ls_init_value !== null : !implied.grn,
    responseNorm: grn,
    activation: string(args, 'act_layer', 'gelu'),
    norm: norm.startsWith('rms') ? 'rms' : 'layer',
    epsilon: normEpsilon,
    head: readHead(config, args, implied, normEpsilon),
  }
}

function readStages(args: Config, implied: Implied, dims: readonly number[], patch: number): StageSpec[] {
  const depths = positiveInts(args, 'depths', implied.depths)
  if (depths.length !== 4 || dims.length !== 4)
    throw configInvalid(args, 'depths', 'four depths, and dims four widths')
  const kernels =
    typeof args.values.kernel_sizes === 'number'
      ? depths.map(() => positiveInt(args, 'kernel_sizes'))
      : positiveInts(args, 'kernel_sizes', [7, 7, 7, 7])
  return dims.map((width, index) => {
    // A stem of stride 2 leaves one halving to the first stage.
    const halves = index > 0 || patch === 2
    return { width, depth: depths[index]!, kernel: kernels[index]!, downsample: halves ? 2 : undefined }
  })
}

function readHead(config: Config, args: Config, implied: Implied, epsilon: number): HeadSpec {
  const pools = { avg: 'average', max: 'max', avgmax: 'average-max' } as const
  const given = pretrained(config) ?? config
  // Like timm, not the global_pool beside a pretrained_cfg.
  const pool = oneOf(
    isSet(args, 'global_pool') ? args : given,
    'global_pool',
    ['avg', 'max', 'avgmax'],
    'avg',
  )
  const sources = [args, config, given]
  const source = sources.find((each) => isSet(each, 'num_classes'))
  return {
    norm: boolean(args, 'head_norm_first', implied.normFirst) ? 'before-pool' : 'after-pool',
    pool: pools[pool],
    epsilon,
    hidden:
      'head_hidden_size' in args.values ? optional(positiveInt, args, 'head_hidden_size') : implied.hidden,
    classes: source
      ? nonNegativeInt(source, 'num_classes')
      : (optional(nonNegativeInt, config, 'num_labels') ?? 1000),
  }
}

/** The pretrained_cfg of a config; older configs have its keys at their root. */
function pretrained(config: Config): Config | undefined {
  if (isSet(config, 'pretrained_cfg')) return object(config, 'pretrained_cfg')
  return isSet(config, 'input_size') ? config : undefined
}

function inputSize(config: Config): readonly [number, number, number] | undefined {
  const source = pretrained(config)
  if (!source || !isSet(source, 'input_size')) return undefined
  const [channels, height, width] = positiveInts(source, 'input_size')
  if (channels === undefined || height === undefined || width === undefined)
    throw configInvalid(source, 'input_size', 'channels, height and width')
  return [channels, height, width]
}

function namesFor({ stem, head }: ConvNextSpec): ConvNextNames {
  const stemNames = {
    patch: ['stem.0', 'stem.1'],
    overlap: ['stem.0', 'stem.1', 'stem.2'],
    'overlap-activation': ['stem.0', 'stem.2', 'stem.3'],
  }
  return {
    stem: stemNames[stem.kind],
    downsample: (stage) => ({
      norm: `stages.${stage}.downsample.0`,
      convolution: `stages.${stage}.downsample.1`,
    }),
    block: (stage, block) => {
      const scope = `stages.${stage}.blocks.${block}`
      return {
        depthwise: `${scope}.conv_dw`,
        norm: `${scope}.norm`,
        first: `${scope}.mlp.fc1`,
        second: `${scope}.mlp.fc2`,
        layerScale: `${scope}.gamma`,
        responseNorm: `${scope}.mlp.grn`,
      }
    },
    headNorm: head.norm === 'before-pool' ? 'norm_pre' : 'head.norm',
    headHidden: 'head.pre_logits.fc',
    classifier: 'head.fc',
  }
}
