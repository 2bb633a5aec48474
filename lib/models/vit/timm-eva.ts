import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  isSet,
  nonNegativeInt,
  number,
  oneOf,
  positiveInt,
  positiveNumber,
  sizePair,
} from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonBlock, commonNames, type VitNames } from './names.js'
import { gridOf, type HeadSpec, type MlpSpec, type RotarySpec, type VitSpec } from './spec.js'
import { poolings, pools, withStoredGrid } from './timm.js'
import { argumentsOf, type Signature } from './timm-arguments.js'
import { evaArchitecture } from './timm-eva-architectures.js'

/** timm's Eva: EVA, EVA-02, RoPE-ViT, DINOv3, Perception Encoder. */
export const timmEva: VitLayout = {
  library: 'timm',
  published: ['eva_giant_*', 'eva02_*', 'vit_*_rope_*', 'vit_*_dinov3*', 'vit_*_lingbot', 'vit_pe_*'],
  claims: (name) => evaArchitecture(name) !== undefined,

  checkpoint: () => ({ rename: (name) => fromAuthors(timmName(name)) }),

  async describe({ config, kind }, reader) {
    const args = argumentsOf(config, evaArchitecture(kind.name)!, signature)
    const declared = specOf(args)
    const classes = storedClasses(config, declared.head.classes, reader, commonNames.classifier)
    const spec = withStoredGrid(kind.name, { ...declared, head: { ...declared.head, classes } }, reader)
    reader.ignore('mask_token', 'of the pretraining, and left out by timm too')
    if (classes === 0) reader.ignore(/^head\./, 'num_classes is 0')
    return describeVit(config.file, {
      ...{ spec, names: namesOf(args), className: 'Eva' },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
    })
  },
}

const signature: Signature = {
  flags: [
    ...['qkv_bias', 'qkv_fused', 'swiglu_mlp', 'scale_mlp', 'scale_attn_inner', 'class_token'],
    ...['no_embed_class', 'use_abs_pos_emb', 'use_rot_pos_emb', 'rope_rotate_half', 'use_post_norm'],
    ...['use_pre_transformer_norm', 'dynamic_img_size', 'dynamic_img_pad'],
  ],
  others: [
    ...[
      'img_size',
      'patch_size',
      'in_chans',
      'num_classes',
      'global_pool',
      'embed_dim',
      'depth',
      'num_heads',
    ],
    ...['mlp_ratio', 'swiglu_align_to', 'attn_type', 'init_values', 'num_reg_tokens', 'rope_type'],
    ...['rope_grid_offset', 'rope_grid_indexing', 'rope_temperature', 'use_post_transformer_norm'],
    ...['use_fc_norm', 'attn_pool_num_heads', 'attn_pool_mlp_ratio', 'ref_feat_shape'],
  ],
}

/** The names of EVA's authors. Source: `checkpoint_filter_fn` of timm/models/eva.py. */
const fromAuthors = renameBy([
  [/\.mlp\.ffn_ln\./, '.mlp.norm.'],
  [/\.attn\.inner_attn_ln\./, '.attn.norm.'],
  [/\.mlp\.w12\./, '.mlp.fc1.'],
  [/\.mlp\.w1\./, '.mlp.fc1_g.'],
  [/\.mlp\.w2\./, '.mlp.fc1_x.'],
  [/\.mlp\.w3\./, '.mlp.fc2.'],
])

/** Defaults are those of the class. */
function specOf(args: Config): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const preNorm = boolean(args, 'use_pre_transformer_norm', false)
  const postNorm = boolean(args, 'use_post_norm', false)
  const head = headOf(args)
  const dynamic = boolean(args, 'dynamic_img_size', false)
  const bias = boolean(args, 'qkv_bias', true)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, patchBias: !preNorm, embeddingNorm: preNorm },
    accepts: !dynamic ? 'on-request' : boolean(args, 'dynamic_img_pad', false) ? 'padded' : 'multiples',
    prefix: {
      ...{ class: boolean(args, 'class_token', true), distillation: false },
      registers: nonNegativeInt(args, 'num_reg_tokens', 0),
    },
    positions: boolean(args, 'use_abs_pos_emb', true)
      ? {
          covers: boolean(args, 'no_embed_class', false) ? 'patches' : 'all',
          ...{ grid: gridOf(image, patch), resize: 'timm' },
        }
      : undefined,
    width: positiveInt(args, 'embed_dim', 768),
    depth: positiveInt(args, 'depth', 12),
    heads: positiveInt(args, 'num_heads', 12),
    mlp: mlpOf(args),
    // Keys have no bias, except in attention of type rope.
    queryKeyValueBias: isRopeAttention(args) || !bias ? bias : [true, false, true],
    ...{ projectionBias: true, mlpBias: true, queryKeyNorm: false },
    attentionNorm: boolean(args, 'scale_attn_inner', false),
    norm: { kind: 'layer', epsilon: epsilon(args, 'norm_eps', 1e-6) },
    normPlacement: postNorm ? 'res-post' : 'pre',
    layerScale: isSet(args, 'init_values') && !postNorm,
    rotary: boolean(args, 'use_rot_pos_emb', false) ? rotaryOf(args) : undefined,
    finalNorm: boolean(args, 'use_post_transformer_norm', !head.norm),
    ...{ head, maskToken: false, decoder: undefined },
  }
}

function headOf(args: Config): HeadSpec {
  const pool = oneOf(args, 'global_pool', pools, 'avg')
  const width = positiveInt(args, 'embed_dim', 768)
  const heads = nonNegativeInt(args, 'attn_pool_num_heads', 0) || positiveInt(args, 'num_heads', 12)
  const ratio = number(args, 'attn_pool_mlp_ratio', 0) || number(args, 'mlp_ratio', 4)
  if (pool === 'map' && width % heads !== 0)
    throw configInvalid(args, 'attn_pool_num_heads', `a divisor of embed_dim (${width})`)
  return {
    pooling: poolings[pool],
    over: pool === 'map' ? 'all' : 'patches',
    poolingHidden: pool === 'map' ? Math.trunc(width * ratio) : 0,
    ...{ poolingHeads: heads, poolingActivation: 'gelu' },
    norm: boolean(args, 'use_fc_norm', pool === 'avg'),
    pooler: undefined,
    classes: nonNegativeInt(args, 'num_classes', 1000),
  }
}

function mlpOf(args: Config): MlpSpec {
  const hidden = Math.trunc(positiveInt(args, 'embed_dim', 768) * number(args, 'mlp_ratio', 4))
  const norm = boolean(args, 'scale_mlp', false)
  if (!boolean(args, 'swiglu_mlp', false)) return { kind: 'plain', hidden, activation: 'gelu', norm }
  const multiple = (gatesApart(args) && nonNegativeInt(args, 'swiglu_align_to', 0)) || 1
  return { kind: 'gated', hidden: Math.ceil(hidden / multiple) * multiple, activation: 'silu', norm }
}

/** Whether gate and value of a gated MLP are two matrices. Layers with post-norm do not align their widths. */
function gatesApart(args: Config): boolean {
  const aligned = nonNegativeInt(args, 'swiglu_align_to', 0) > 0 && !boolean(args, 'use_post_norm', false)
  return boolean(args, 'scale_mlp', false) || aligned
}

function rotaryOf(args: Config): RotarySpec {
  const kind = oneOf(args, 'rope_type', ['cat', 'mixed', 'dinov3'])
  const base = positiveNumber(args, 'rope_temperature', 10000)
  const first = oneOf(args, 'rope_grid_indexing', ['ij', 'xy'], 'ij') === 'xy' ? 'columns' : 'rows'
  const offset = number(args, 'rope_grid_offset', 0)
  // The tables of a type have one layout. With the other one, timm does not rotate by one angle for each pair.
  if (boolean(args, 'rope_rotate_half', false) !== (kind === 'dinov3'))
    throw configInvalid(args, 'rope_rotate_half', `${kind === 'dinov3'} for rope_type '${kind}'`)
  if (kind === 'dinov3') return { kind: 'centres', base, layout: 'halves' }
  if (kind === 'mixed') return { kind, first }
  const reference = isSet(args, 'ref_feat_shape') ? sizePair(args, 'ref_feat_shape', [1, 1]) : undefined
  return { kind: 'numbers', base, first, offset, reference }
}

function isRopeAttention(args: Config): boolean {
  return oneOf(args, 'attn_type', ['eva', 'rope'], 'eva') === 'rope'
}

function namesOf(args: Config): VitNames {
  const fused = boolean(args, 'qkv_fused', true)
  const biasesApart = fused && !isRopeAttention(args) && boolean(args, 'qkv_bias', true)
  const apart = gatesApart(args)
  return {
    ...commonNames,
    block(index) {
      const block = `blocks.${index}`
      const own = (name: string) => `${block}.attn.${name}`
      return {
        ...commonBlock(block),
        ...(!fused && { queryKeyValue: [own('q_proj'), own('k_proj'), own('v_proj')] }),
        ...(biasesApart && { queryValueBias: [own('q_bias'), own('v_bias')] }),
        ...(apart && { mlpGate: [`${block}.mlp.fc1_g`, `${block}.mlp.fc1_x`] }),
        attentionScale: `${block}.gamma_1`,
        mlpScale: `${block}.gamma_2`,
      }
    },
  }
}
