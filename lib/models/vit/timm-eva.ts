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
  string,
} from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames, type VitNames } from './names.js'
import { gridOf, type HeadSpec, type MlpSpec, type RotarySpec, type VitSpec } from './spec.js'
import { poolings, pools, withStoredGrid } from './timm.js'
import { argumentsOf, type ClassArguments } from './timm-arguments.js'
import { type EvaArguments, evaArchitecture } from './timm-eva-architectures.js'

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
    const declared = evaSpecOf(args)
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
      names: evaNames(args, reader),
      className: 'Eva',
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
    })
  },
}

const flags = [
  ...[
    'qkv_bias',
    'qkv_fused',
    'swiglu_mlp',
    'scale_mlp',
    'scale_attn_inner',
    'class_token',
    'no_embed_class',
  ],
  ...['use_abs_pos_emb', 'use_rot_pos_emb', 'rope_rotate_half', 'use_post_norm', 'use_pre_transformer_norm'],
  ...['dynamic_img_size', 'dynamic_img_pad'],
]
/** Arguments for which None has a meaning of its own. */
const optionals = [
  ...['init_values', 'use_post_transformer_norm', 'use_fc_norm', 'attn_pool_num_heads'],
  ...['attn_pool_mlp_ratio', 'ref_feat_shape', 'swiglu_align_to', 'attn_type', 'head_init_scale'],
]
const values = [
  ...['img_size', 'patch_size', 'in_chans', 'num_classes', 'global_pool', 'embed_dim', 'depth', 'num_heads'],
  ...[
    'mlp_ratio',
    'num_reg_tokens',
    'rope_type',
    'rope_grid_offset',
    'rope_grid_indexing',
    'rope_temperature',
  ],
]
const evaArguments: ClassArguments = { known: [...values, ...optionals, ...flags], flags }

/** The arguments of the class, resolved as in timm. @throws CONFIG_INVALID */
export function evaArgumentsOf(config: Config, implied: EvaArguments): Config {
  const args = argumentsOf(config, implied, evaArguments)
  for (const key of values) if (args.values[key] === null) throw configInvalid(args, key, 'a value')
  return args
}

/**
 * The names of the authors of EVA-02 and DINOv3, in whose files timm's models are published too.
 * Source: `checkpoint_filter_fn` of timm/models/eva.py.
 */
function fromAuthors(name: string): string {
  return name
    .replace(/\.ls([12])\.gamma$/, '.gamma_$1')
    .replace(/^storage_tokens$/, 'reg_token')
    .replace('.attn.inner_attn_ln.', '.attn.norm.')
    .replace('.mlp.ffn_ln.', '.mlp.norm.')
    .replace('.mlp.w12.', '.mlp.fc1.')
    .replace('.mlp.w1.', '.mlp.fc1_g.')
    .replace('.mlp.w2.', '.mlp.fc1_x.')
    .replace('.mlp.w3.', '.mlp.fc2.')
}

/** The names of the class. The biases of query and value can be parameters of the attention. */
export function evaNames(args: Config, reader: WeightReader): VitNames {
  const fused = boolean(args, 'qkv_fused', true)
  const apart = !isRope(args) && (fused || reader.has('blocks.0.attn.q_bias'))
  return {
    ...commonNames,
    block(index) {
      const block = `blocks.${index}`
      const attention = `${block}.attn`
      return {
        ...commonNames.block(index),
        queryKeyValue: fused
          ? `${attention}.qkv`
          : [`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`],
        queryValueBiases: apart ? [`${attention}.q_bias`, `${attention}.v_bias`] : undefined,
        attentionScale: `${block}.gamma_1`,
        mlpGate: hasGateApart(args) ? [`${block}.mlp.fc1_g`, `${block}.mlp.fc1_x`] : `${block}.mlp.fc1`,
        mlpScale: `${block}.gamma_2`,
      }
    },
  }
}

/** Any other type means EvaAttention, whose key has no bias. */
function isRope(args: Config): boolean {
  return string(args, 'attn_type', 'eva') === 'rope'
}

/** Whether gate and value of the MLP are two matrices. Blocks with the norm after the part ignore the alignment here. */
function hasGateApart(args: Config): boolean {
  const aligned = alignment(args) > 0 && !boolean(args, 'use_post_norm', false)
  return boolean(args, 'scale_mlp', false) || aligned
}

function alignment(args: Config): number {
  return nonNegativeInt(args, 'swiglu_align_to', 0)
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
