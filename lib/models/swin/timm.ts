import {
  boolean,
  type Config,
  configInvalid,
  nameOf,
  oneOf,
  optional,
  positiveInt,
  positiveInts,
  sizePair,
  string,
} from '../../files/config.js'
import { activation } from '../../nn/activation.js'
import type { Grid } from '../../nn/grid-bias.js'
import type { WeightReader } from '../../weights/reader.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { timmClasses } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import { argumentsOf } from '../vit/timm-arguments.js'
import { type StageWindows, stagesOf, trainedWindows } from './config.js'
import type { SwinLayout } from './layout.js'
import type { SwinNames, SwinSpec } from './spec.js'
import { type SwinArguments, timmArchitecture } from './timm-architectures.js'

/** timm's SwinTransformer and SwinTransformerV2, and the same weights under the names of the authors. */
export const timm: SwinLayout = {
  library: 'timm',
  published: ['swin_*', 'swinv2_*'],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const implied = timmArchitecture(kind.name)!
    const { version } = implied
    const args = argumentsOf(config, withoutVersion(implied), argumentsOfClass[version])
    const spec = readSpec(args, version)
    const names = namesOf(reader)
    const classes = timmClasses(config, args, reader, names.classifier)
    reader.ignore(/\.attn_mask$/, 'computed from the size of the grid')
    return {
      ...{ spec, names, scope: undefined, tasks: imageTasks(classes > 0) },
      className: version === 2 ? 'SwinTransformerV2' : 'SwinTransformer',
      heads: { classes, stride: undefined, maskToken: false },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: [spec.channels, ...spec.image],
    }
  },
}

function withoutVersion({ version: _, ...rest }: SwinArguments) {
  return rest
}

const common = [
  ...['img_size', 'patch_size', 'in_chans', 'num_classes', 'global_pool', 'embed_dim', 'depths', 'num_heads'],
  ...['window_size', 'always_partition', 'strict_img_size', 'mlp_ratio', 'qkv_bias'],
]
const flags = ['always_partition', 'strict_img_size', 'qkv_bias']
const argumentsOfClass = {
  1: { flags, known: [...common, 'head_dim'] },
  2: { flags, known: [...common, 'act_layer', 'pretrained_window_sizes'] },
}

function readSpec(args: Config, version: 1 | 2): SwinSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [4, 4])
  if (image[0] % patch[0] !== 0 || image[1] % patch[1] !== 0)
    throw configInvalid(args, 'img_size', `multiples of the patch_size, ${patch.join('x')}`)
  if (!boolean(args, 'strict_img_size', true))
    throw configInvalid(args, 'strict_img_size', 'true: other sizes of images are not supported')
  oneOf(args, 'global_pool', ['avg'], 'avg')
  const grid: Grid = [image[0] / patch[0], image[1] / patch[1]]
  const headWidth = version === 1 ? optional(positiveInt, args, 'head_dim') : undefined
  const stages = stagesOf(args, windowsOf(args, version, grid))
  return {
    version,
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch },
    stages: headWidth === undefined ? stages : stages.map((stage) => ({ ...stage, headWidth })),
    queryKeyValueBias: boolean(args, 'qkv_bias', true),
    activation: activation(string(args, 'act_layer', 'gelu').toLowerCase(), nameOf(args, 'act_layer')),
    ...{ epsilon: 1e-5, absolutePositions: false },
    windows: { shiftsSmall: true, padsLast: true, apart: -100 },
    ...{ accepts: 'exact', statesBeforeMerging: true },
  }
}

/** A window is no larger than the grid, and not shifted along an axis that it covers. */
function windowsOf(args: Config, version: 1 | 2, grid: Grid): (stage: number) => StageWindows {
  const always = boolean(args, 'always_partition', false)
  const trained = version === 2 ? trainedWindows(args, 'pretrained_window_sizes') : (): Grid => [0, 0]
  const sizes = windowSizes(args)
  return (stage) => {
    const target = sizes(stage)
    const along = (axis: 0 | 1) => {
      const length = Math.floor(grid[axis] / 2 ** stage)
      if (length === 0) throw configInvalid(args, 'img_size', 'an image with patches in each stage')
      const half = Math.floor(target[axis] / 2)
      if (always || length > target[axis]) return [target[axis], half] as const
      return [length, 0] as const
    }
    const [[rows, down], [columns, right]] = [along(0), along(1)]
    return { window: [rows, columns], shift: [down, right], trainedWindow: trained(stage) }
  }
}

/** One size; height and width; or a list with a size for each stage. */
function windowSizes(args: Config): (stage: number) => Grid {
  const { window_size: value } = args.values
  if (!Array.isArray(value) || value.length <= 2) {
    const size = sizePair(args, 'window_size', [7, 7])
    return () => size
  }
  const list = positiveInts(args, 'window_size')
  return (stage) => {
    const size = list[stage]
    if (size === undefined) throw configInvalid(args, 'window_size', 'a size for each stage')
    return [size, size]
  }
}

/** The authors name the classifier otherwise, and count the merging of patches to the stage before it. */
function namesOf(reader: WeightReader): SwinNames {
  const authors = reader.has('layers.0.downsample.reduction.weight')
  return {
    patches: 'patch_embed.proj',
    patchNorm: 'patch_embed.norm',
    ...{ positions: '', maskToken: '' },
    block: (stage, index) => `layers.${stage}.blocks.${index}`,
    attention: {
      queryKeyValue: 'attn.qkv',
      queryValueBiases: ['attn.q_bias', 'attn.v_bias'],
      output: 'attn.proj',
      biasTable: 'attn.relative_position_bias_table',
      logitScale: 'attn.logit_scale',
      biasMlp: ['attn.cpb_mlp.0', 'attn.cpb_mlp.2'],
    },
    norms: ['norm1', 'norm2'],
    mlp: ['mlp.fc1', 'mlp.fc2'],
    merging: (stage) => `layers.${authors ? stage : stage + 1}.downsample`,
    norm: 'norm',
    classifier: authors ? 'head' : 'head.fc',
  }
}
