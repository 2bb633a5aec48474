import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  nonNegativeInt,
  number,
  oneOf,
  positiveInt,
  sizePair,
  string,
} from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { gridOf, positionedPrefix } from './grid.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames } from './names.js'
import type { HeadSpec, MlpSpec, Pooling, VitSpec } from './spec.js'
import { type TimmArguments, timmArchitecture } from './timm-architectures.js'
import { argumentsOf } from './timm-arguments.js'

/** timm's VisionTransformer and VisionTransformerDistilled, for all architecture names that use only these classes. */
export const timm: VitLayout = {
  library: 'timm',
  published: ['vit_*', 'deit_*', 'deit3_*', 'flexivit_* (plain vision Transformers)'],
  claims: (name) => timmArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const implied = timmArchitecture(kind.name)!
    const args = argumentsOf(config, implied)
    const declared = withAuthorsRegisters(timmSpecOf(args, implied), reader)
    const classes = storedClasses(config, declared.head.classes, reader, commonNames.classifier)
    const spec = withStoredGrid(kind.name, { ...declared, head: { ...declared.head, classes } }, reader)
    reader.ignore(/^pre_logits\./, 'an unused layer of old checkpoints')
    reader.ignore('mask_token', 'of the training of DINOv2, and left out by timm too')
    if (spec.head.classes === 0) reader.ignore(/^head(_dist)?\./, 'num_classes is 0')
    // Of SigLIP only: other models with tensors of a pooling that they do not have are refused by timm too.
    if (kind.name.includes('siglip') && spec.head.pooling !== 'attention')
      reader.ignore(/^attn_pool\./, 'the attention pooling of SigLIP, whose image tower alone this model is')
    return describeVit(config.file, {
      spec,
      names: reader.has(registers) ? { ...commonNames, registers } : commonNames,
      className: implied.distilled ? 'VisionTransformerDistilled' : 'VisionTransformer',
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
    })
  },
}

const registers = 'register_tokens'

/**
 * The names of the authors of DeiT-III and DINOv2, in whose files timm's models are published too.
 * Source: `checkpoint_filter_fn` of timm/models/vision_transformer.py.
 */
function fromAuthors(name: string): string {
  return name
    .replace(/\.gamma_([12])$/, '.ls$1.gamma')
    .replace(/^(blocks\.\d+\.mlp)\.w12\./, '$1.fc1.')
    .replace(/^(blocks\.\d+\.mlp)\.w3\./, '$1.fc2.')
}

/** The authors of DINOv2 store a position for the class token, which timm adds to the token. */
function withAuthorsRegisters(spec: VitSpec, reader: WeightReader): VitSpec {
  if (!reader.has(registers) || spec.positions?.covers !== 'patches') return spec
  return { ...spec, positions: { ...spec.positions, covers: 'all-but-registers' } }
}

/** The spec of resolved arguments. Defaults are those of the class. */
export function timmSpecOf(args: Config, implied: TimmArguments): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const preNorm = boolean(args, 'pre_norm', false)
  const patchesOnly = boolean(args, 'no_embed_class', false)
  const pool = oneOf(args, 'global_pool', pools, 'token')
  const normInHead = boolean(args, 'fc_norm', ['avg', 'avgmax', 'max'].includes(pool))
  const finalNorm = boolean(args, 'final_norm', true)
  const dynamic = boolean(args, 'dynamic_img_size', false)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, patchBias: !preNorm, embeddingNorm: preNorm },
    accepts: !dynamic ? 'on-request' : boolean(args, 'dynamic_img_pad', false) ? 'padded' : 'multiples',
    prefix: {
      class: boolean(args, 'class_token', true),
      distillation: implied.distilled ?? false,
      registers: nonNegativeInt(args, 'reg_tokens', 0),
    },
    positions:
      oneOf(args, 'pos_embed', ['learn', 'none', ''], 'learn') === 'learn'
        ? { covers: patchesOnly ? 'patches' : 'all', grid: gridOf(image, patch), resize: 'timm' }
        : undefined,
    width: positiveInt(args, 'embed_dim', 768),
    depth: positiveInt(args, 'depth', 12),
    heads: positiveInt(args, 'num_heads', 12),
    mlp: mlpOf(args, implied),
    queryKeyValueBias: boolean(args, 'qkv_bias', true),
    projectionBias: boolean(args, 'proj_bias', true),
    queryKeyNorm: boolean(args, 'qk_norm', false),
    attentionNorm: boolean(args, 'scale_attn_norm', false),
    norm: normOf(args),
    normPlacement: implied.residual_post_norm ? 'res-post' : 'pre',
    layerScale: number(args, 'init_values', 0) !== 0 && !implied.residual_post_norm,
    finalNorm: finalNorm && !normInHead,
    head: headOf(args, implied, pool, finalNorm && normInHead),
    ...{ maskToken: false, decoder: undefined },
  }
}

/**
 * Weights of another image size: timm assumes a square position table and resizes it at loading. It resizes that of
 * flexivit by another rule, which is not supported here, so a flexivit table must have the right size.
 */
export function withStoredGrid(name: string, spec: VitSpec, reader: WeightReader): VitSpec {
  if (name.startsWith('flexivit')) return spec
  const [rows, columns] = gridOf(spec.image, spec.patch)
  const stored = (reader.shapeOf(commonNames.positions)?.[1] ?? 0) - positionedPrefix(spec)
  const side = Math.floor(Math.sqrt(Math.max(stored, 0)))
  if (!spec.positions || stored === rows * columns || side === 0 || side * side !== stored) return spec
  return { ...spec, positions: { ...spec.positions, storedGrid: [side, side] } }
}

export const pools = ['', 'token', 'avg', 'avgmax', 'max', 'map'] as const
export const poolings: Readonly<Record<(typeof pools)[number], Pooling>> = {
  '': 'none',
  token: 'class',
  avg: 'mean',
  avgmax: 'mean-and-max',
  max: 'max',
  map: 'attention',
}

function headOf(args: Config, implied: TimmArguments, pool: keyof typeof poolings, norm: boolean): HeadSpec {
  return {
    pooling: implied.distilled ? 'class-and-distillation' : poolings[pool],
    over: boolean(args, 'pool_include_prefix', false) ? 'all' : 'patches',
    poolingHidden: pool === 'map' ? expandedWidth(args) : 0,
    // The head of the distilled class has no norm after the pooling.
    norm: norm && !implied.distilled,
    pooler: undefined,
    classes: nonNegativeInt(args, 'num_classes', 1000),
  }
}

function expandedWidth(args: Config): number {
  return Math.trunc(positiveInt(args, 'embed_dim', 768) * number(args, 'mlp_ratio', 4))
}

function mlpOf(args: Config, implied: TimmArguments): MlpSpec {
  const gated = implied.gated_mlp ?? false
  const expanded = expandedWidth(args)
  return {
    kind: gated ? 'gated' : 'plain',
    hidden: gated ? Math.floor(expanded / 2) : expanded,
    activation: string(args, 'act_layer', 'gelu').toLowerCase(),
    norm: boolean(args, 'scale_mlp_norm', false),
  }
}

function normOf(args: Config): VitSpec['norm'] {
  const name = string(args, 'norm_layer', 'layernorm').replaceAll('_', '').toLowerCase()
  const kind = /^layernorm(fp32)?$/.test(name) ? 'layer' : /^rmsnorm(fp32)?$/.test(name) ? 'rms' : undefined
  if (!kind) throw configInvalid(args, 'norm_layer', "'layernorm' or 'rmsnorm'")
  return { kind, epsilon: epsilon(args, 'norm_eps', 1e-6) }
}
