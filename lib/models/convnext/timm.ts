import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  isSet,
  oneOf,
  optional,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { divisible } from '../divisible.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmArguments, timmClasses, timmInputSize } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import { fromAuthors } from './authors-names.js'
import type { ConvNextLayout } from './layout.js'
import type { ConvNextNames, ConvNextSpec, StageSpec } from './spec.js'
import { timmArchitecture } from './timm-architectures.js'

/** ConvNeXt of timm: the architecture name implies the arguments, and model_args override them. */
export const timm: ConvNextLayout = {
  library: 'timm',
  published: ['convnext_*', 'convnextv2_*', 'test_convnext*'],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const args = timmArguments(config, timmArchitecture(kind.name)!, known)
    const classes = timmClasses(config, args, reader, 'head.fc')
    const spec = timmSpecOf(args, classes)
    reader.ignore(/^(projectors|norms)\./, 'heads of distillation, which timm leaves out too')
    return {
      ...{ spec, names: timmNames(spec), className: kind.name },
      tasks: imageTasks(classes > 0),
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: timmInputSize(config),
    }
  },
}

const known = [
  ...['output_stride', 'depths', 'dims', 'kernel_sizes', 'ls_init_value', 'stem_type', 'patch_size'],
  ...['head_norm_first', 'head_hidden_size', 'conv_mlp', 'conv_bias', 'use_grn', 'act_layer', 'norm_layer'],
  ...['norm_eps', 'head_init_scale'],
]

const stems = {
  patch: 'patch',
  overlap: 'overlap',
  overlap_tiered: 'overlap',
  overlap_act: 'overlap-activation',
} as const
const stemTypes = ['patch', 'overlap', 'overlap_tiered', 'overlap_act'] as const
const norms = {
  layernorm: 'layer',
  layernorm2d: 'layer',
  rmsnorm: 'rms',
  rmsnorm2d: 'rms',
  simplenorm: 'simple',
  simplenorm2d: 'simple',
} as const
const normNames = ['layernorm', 'layernorm2d', 'rmsnorm', 'rmsnorm2d', 'simplenorm', 'simplenorm2d'] as const
const pools = { avg: 'average', max: 'max', avgmax: 'average-max' } as const

/** The spec of resolved arguments. @throws CONFIG_INVALID */
export function timmSpecOf(args: Config, classes: number): ConvNextSpec {
  if (positiveInt(args, 'output_stride', 32) !== 32) throw configInvalid(args, 'output_stride', '32')
  const dims = positiveInts(args, 'dims')
  const stemType = oneOf(args, 'stem_type', stemTypes)
  const patch = stemType === 'patch' ? positiveInt(args, 'patch_size', 4) : 4
  const normEpsilon = epsilon(args, 'norm_eps', 1e-6)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    stem: {
      ...{ kind: stems[stemType], patch },
      middle: stemType === 'overlap_tiered' ? divisible(Math.floor(dims[0]! / 2), 8) : dims[0]!,
    },
    stages: readStages(args, dims, patch),
    convBias: boolean(args, 'conv_bias', true),
    layerScale: isSet(args, 'ls_init_value'),
    responseNorm: boolean(args, 'use_grn', false),
    activation: string(args, 'act_layer', 'gelu'),
    norm: norms[oneOf(args, 'norm_layer', normNames, 'layernorm')],
    epsilon: normEpsilon,
    head: {
      norm: boolean(args, 'head_norm_first', false) ? 'before-pool' : 'after-pool',
      pool: pools[oneOf(args, 'global_pool', ['avg', 'max', 'avgmax'], 'avg')],
      ...{ epsilon: normEpsilon, hidden: optional(positiveInt, args, 'head_hidden_size'), classes },
    },
  }
}

function readStages(args: Config, dims: readonly number[], patch: number): StageSpec[] {
  const depths = positiveInts(args, 'depths')
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

/** Names of timm's modules. */
export function timmNames({ stem, head }: ConvNextSpec): ConvNextNames {
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
