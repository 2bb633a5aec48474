import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  isSet,
  nonNegativeInt,
  number,
  oneOf,
  optional,
  positiveInt,
  positiveNumber,
  sizePair,
} from '../../files/config.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { gridOf } from './grid.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames } from './names.js'
import type { HeadSpec, MlpSpec, RotarySpec, VitSpec } from './spec.js'
import { poolings, pools, withStoredGrid } from './timm.js'
import { evaArchitecture } from './timm-eva-architectures.js'
import { alignment, evaArgumentsOf, hasGateApart, isRope } from './timm-eva-arguments.js'
import { authorsNames, fromAuthors, ignoreAuthors, isAuthors, withoutKeyBias } from './timm-eva-authors.js'
import { evaNames } from './timm-eva-names.js'

/**
 * timm's Eva class: EVA and EVA-02 (Fang et al. 2023), DINOv3, RoPE-ViT (Heo et al. 2024), Perception Encoder, LingBot.
 */
export const timmEva: VitLayout = {
  library: 'timm',
  published: ['eva_giant_*, eva02_*, vit_*_rope_*, vit_pe_*, vit_*_dinov3, vit_*_lingbot'],
  claims: (name) => evaArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const args = evaArgumentsOf(config, evaArchitecture(kind.name)!)
    const authors = isAuthors(reader)
    const declared = authors ? withoutKeyBias(evaSpecOf(args)) : evaSpecOf(args)
    if (authors) ignoreAuthors(reader, declared.queryKeyValueBias !== false)
    const classes = storedClasses(config, declared.head.classes, reader, commonNames.classifier)
    const spec = withStoredGrid(kind.name, { ...declared, head: { ...declared.head, classes } }, reader)
    reader.ignore(
      /^(mask_token|lm_head\.(weight|bias))$/,
      'of the masked pretraining, and left out by timm too',
    )
    reader.ignore(/rope(?!\.freqs$)/, 'computed from the config, as in timm')
    if (classes === 0) reader.ignore(/^head\./, 'num_classes is 0')
    return describeVit(config.file, {
      spec,
      names: authors ? authorsNames : evaNames(args, reader),
      className: 'Eva',
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
    })
  },
}

/** The spec of resolved arguments. Defaults are those of the class. */
export function evaSpecOf(args: Config): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const preNorm = boolean(args, 'use_pre_transformer_norm', false)
  const postNorm = boolean(args, 'use_post_norm', false)
  const pool = oneOf(args, 'global_pool', pools, 'avg')
  const normInHead = boolean(args, 'use_fc_norm', pool === 'avg')
  const dynamic = boolean(args, 'dynamic_img_size', false)
  const patchesOnly = boolean(args, 'no_embed_class', false)
  const bias = boolean(args, 'qkv_bias', true)
  const fused = boolean(args, 'qkv_fused', true)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, patchBias: !preNorm, embeddingNorm: preNorm },
    accepts: !dynamic ? 'on-request' : boolean(args, 'dynamic_img_pad', false) ? 'padded' : 'multiples',
    prefix: {
      class: boolean(args, 'class_token', true),
      distillation: false,
      registers: nonNegativeInt(args, 'num_reg_tokens', 0),
    },
    positions: boolean(args, 'use_abs_pos_emb', true)
      ? { covers: patchesOnly ? 'patches' : 'all', grid: gridOf(image, patch), resize: 'timm' }
      : undefined,
    rotary: rotaryOf(args),
    width: positiveInt(args, 'embed_dim', 768),
    depth: positiveInt(args, 'depth', 12),
    heads: positiveInt(args, 'num_heads', 12),
    mlp: mlpOf(args),
    queryKeyValueBias: bias && !fused && !isRope(args) ? { query: true, key: false, value: true } : bias,
    ...{ projectionBias: true, queryKeyNorm: false },
    attentionNorm: boolean(args, 'scale_attn_inner', false),
    norm: { kind: 'layer', epsilon: epsilon(args, 'norm_eps', 1e-6) },
    normPlacement: postNorm ? 'res-post' : 'pre',
    layerScale: isSet(args, 'init_values') && !postNorm,
    finalNorm: boolean(args, 'use_post_transformer_norm', !normInHead),
    head: headOf(args, pool, normInHead),
    ...{ maskToken: false, decoder: undefined },
  }
}

function rotaryOf(args: Config): RotarySpec | undefined {
  if (!boolean(args, 'use_rot_pos_emb', false)) return undefined
  const type = oneOf(args, 'rope_type', ['cat', 'mixed', 'dinov3'], 'cat')
  const first = oneOf(args, 'rope_grid_indexing', ['ij', 'xy'], 'ij') === 'ij' ? 'rows' : 'columns'
  const base = positiveNumber(args, 'rope_temperature', 10000)
  // With the other value, timm pairs features whose angles differ, which is no rotation.
  const halves = type === 'dinov3'
  if (boolean(args, 'rope_rotate_half', false) !== halves)
    throw configInvalid(args, 'rope_rotate_half', `${halves} with the rope_type '${type}'`)
  if (type === 'dinov3') return { kind: 'centres', base }
  if (type === 'mixed') return { kind: 'mixed', first }
  const reference = optional(sizePair, args, 'ref_feat_shape')
  return { kind: 'numbers', base, first, reference, offset: number(args, 'rope_grid_offset', 0) }
}

function mlpOf(args: Config): MlpSpec {
  const hidden = widened(args, number(args, 'mlp_ratio', 4))
  const norm = boolean(args, 'scale_mlp', false)
  if (!boolean(args, 'swiglu_mlp', false)) return { kind: 'plain', hidden, activation: 'gelu', norm }
  const step = hasGateApart(args) ? Math.max(1, alignment(args)) : 1
  return { kind: 'gated', hidden: Math.ceil(hidden / step) * step, activation: 'silu', norm }
}

function widened(args: Config, ratio: number): number {
  return Math.trunc(positiveInt(args, 'embed_dim', 768) * ratio)
}

function headOf(args: Config, pool: keyof typeof poolings, norm: boolean): HeadSpec {
  // 0 stands for the default too.
  const heads = optional(nonNegativeInt, args, 'attn_pool_num_heads') || undefined
  const ratio = optional(number, args, 'attn_pool_mlp_ratio') || number(args, 'mlp_ratio', 4)
  return {
    pooling: poolings[pool],
    over: pool === 'map' ? 'all' : 'patches',
    poolingHidden: pool === 'map' ? widened(args, ratio) : 0,
    ...{ poolingHeads: heads, poolingActivation: 'gelu', norm, pooler: undefined },
    classes: nonNegativeInt(args, 'num_classes', 1000),
  }
}
