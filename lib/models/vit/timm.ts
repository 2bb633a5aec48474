import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  nonNegativeInt,
  number,
  object,
  oneOf,
  positiveInt,
  positiveInts,
  sizePair,
  string,
  strings,
} from '../../weights/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { toLibrary } from '../reference.js'
import type { VitDescription, VitLayout } from './layout.js'
import { commonNames } from './names.js'
import { gridOf, type HeadSpec, type MlpSpec, type Pooling, positionedPrefix, type VitSpec } from './spec.js'
import { type TimmArguments, timmArchitecture } from './timm-architectures.js'
import type { VitStates } from './vit.js'

/** timm's VisionTransformer and VisionTransformerDistilled, under all names of architectures that are nothing else. */
export const timm: VitLayout = {
  library: 'timm',
  published: ['vit_*', 'deit_*', 'deit3_*', 'flexivit_* (plain vision Transformers)'],
  claims: (name) => timmArchitecture(name) !== undefined,

  // DeiT-III's own checkpoints name the layer scales otherwise.
  checkpoint: () => ({ rename: (name) => name.replace(/\.gamma_([12])$/, '.ls$1.gamma') }),

  describe(config, kind, reader): VitDescription {
    const implied = timmArchitecture(kind.name)!
    const args = argumentsOf(config, implied)
    const spec = withStoredGrid(specOf(args, implied), reader)
    reader.ignore(/^pre_logits\./, 'an unused layer of old checkpoints')
    if (spec.head.pooling !== 'attention')
      reader.ignore(
        /^attn_pool\./,
        'the config asks for another pooling than the attention it was trained with',
      )
    return {
      spec,
      names: commonNames,
      className: implied.distilled ? 'VisionTransformerDistilled' : 'VisionTransformer',
      labels: labelsOf(config),
      publish,
    }
  },
}

/** Arguments that change nothing about a trained model. */
const training = /(^|_)drop_rate$|_drop_rate$|^(weight_init|fix_init|device|dtype|pretrained_strict)$/
const known = new Set([
  ...['img_size', 'patch_size', 'in_chans', 'num_classes', 'global_pool', 'embed_dim', 'depth', 'num_heads'],
  ...['mlp_ratio', 'qkv_bias', 'qk_norm', 'scale_attn_norm', 'scale_mlp_norm', 'proj_bias', 'init_values'],
  ...['class_token', 'pos_embed', 'no_embed_class', 'reg_tokens', 'pre_norm', 'final_norm', 'fc_norm'],
  ...['pool_include_prefix', 'dynamic_img_size', 'dynamic_img_pad', 'norm_layer', 'act_layer'],
])

/** As timm has it: model_args come first, then the architecture's name, then pretrained_cfg. null says nothing. */
function argumentsOf(config: Config, implied: TimmArguments): Config {
  const given = isSet(config, 'model_args') ? object(config, 'model_args') : { ...config, values: {} }
  for (const key of Object.keys(given.values))
    if (isSet(given, key) && !known.has(key) && !training.test(key))
      throw configInvalid(given, key, `absent: the arguments known here are ${[...known].join(', ')}`)
  const pretrained = isSet(config, 'pretrained_cfg') ? object(config, 'pretrained_cfg') : config
  const [channels, ...size] = isSet(pretrained, 'input_size') ? positiveInts(pretrained, 'input_size') : []
  const fallbacks = {
    ...{ img_size: size.length === 2 ? size : implied.img_size, in_chans: channels },
    num_classes: config.values.num_classes ?? pretrained.values.num_classes,
    global_pool: pretrained.values.global_pool,
  }
  const values: Record<string, unknown> = {}
  for (const source of [fallbacks, { ...implied, img_size: undefined }, given.values])
    for (const [key, value] of Object.entries(source))
      if (value !== undefined && value !== null) values[key] = value
  return { ...given, values }
}

/** Defaults are those of the class. */
function specOf(args: Config, implied: TimmArguments): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const preNorm = boolean(args, 'pre_norm', false)
  const patchesOnly = boolean(args, 'no_embed_class', false)
  const norm = normOf(args, implied)
  const pool = oneOf(args, 'global_pool', pools, 'token')
  const normInHead = boolean(args, 'fc_norm', ['avg', 'avgmax', 'max'].includes(pool))
  const finalNorm = boolean(args, 'final_norm', true)
  const dynamic = boolean(args, 'dynamic_img_size', false)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, patchBias: !preNorm, embeddingNorm: preNorm },
    accepts: !dynamic ? 'exact' : boolean(args, 'dynamic_img_pad', false) ? 'padded' : 'multiple',
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
    norm,
    normOrder: implied.residual_post_norm ? 'after' : 'before',
    layerScale: number(args, 'init_values', 0) !== 0 && !implied.residual_post_norm,
    finalNorm: finalNorm && !normInHead,
    head: headOf(args, implied, pool, finalNorm && normInHead),
  }
}

/** Weights made for another size of images: timm takes their table for a square and resizes it when it loads them. */
function withStoredGrid(spec: VitSpec, reader: WeightReader): VitSpec {
  const [rows, columns] = gridOf(spec.image, spec.patch)
  const stored = (reader.shapeOf(commonNames.positions)?.[1] ?? 0) - positionedPrefix(spec)
  const side = Math.floor(Math.sqrt(Math.max(stored, 0)))
  if (!spec.positions || stored === rows * columns || side === 0 || side * side !== stored) return spec
  return { ...spec, positions: { ...spec.positions, storedGrid: [side, side] } }
}

const pools = ['', 'token', 'avg', 'avgmax', 'max', 'map'] as const
const poolings: Readonly<Record<(typeof pools)[number], Pooling>> = {
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
    // The distilled class has its own head, which leaves out a norm behind the pooling.
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

/** A norm that model_args name has the library's epsilon, whatever the architecture's own has. */
function normOf(args: Config, implied: TimmArguments): VitSpec['norm'] {
  const name = string(args, 'norm_layer', 'layernorm').replaceAll('_', '').toLowerCase()
  const kind = { layernorm: 'layer', layernormfp32: 'layer', rmsnorm: 'rms', rmsnormfp32: 'rms' }[name]
  if (!kind) throw configInvalid(args, 'norm_layer', "'layernorm' or 'rmsnorm'")
  const own = !isSet(args, 'norm_layer')
  return { kind: kind as 'layer' | 'rms', epsilon: (own ? implied.norm_eps : undefined) ?? 1e-6 }
}

function labelsOf(config: Config): readonly string[] | undefined {
  const holder =
    isSet(config, 'label_names') || !isSet(config, 'pretrained_cfg')
      ? config
      : object(config, 'pretrained_cfg')
  return Array.isArray(holder.values.label_names) ? strings(holder, 'label_names') : undefined
}

/** Names of forward_features, of forward_head with pre_logits, and of the modules. */
function publish({ states, attentions, last, head }: VitStates) {
  return toLibrary({
    blocks: states.slice(1),
    attentions: [...attentions.values()],
    features: last,
    preLogits: head.pooled,
    logits: head.logits ?? head.pooled,
  })
}
