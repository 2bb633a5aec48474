import { boolean, type Config, configInvalid, nonNegativeInt, string } from '../../files/config.js'
import { argumentsOf, type ClassArguments } from './timm-arguments.js'
import type { EvaArguments } from './timm-eva-architectures.js'

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

/** The arguments of timm's Eva class, resolved as in timm. @throws CONFIG_INVALID */
export function evaArgumentsOf(config: Config, implied: EvaArguments): Config {
  const args = argumentsOf(config, implied, evaArguments)
  for (const key of values) if (args.values[key] === null) throw configInvalid(args, key, 'a value')
  return args
}

/** Any other type means EvaAttention, whose key has no bias. */
export function isRope(args: Config): boolean {
  return string(args, 'attn_type', 'eva') === 'rope'
}

/** Whether gate and value of the MLP are two matrices. Blocks with the norm after the part ignore the alignment here. */
export function hasGateApart(args: Config): boolean {
  const aligned = alignment(args) > 0 && !boolean(args, 'use_post_norm', false)
  return boolean(args, 'scale_mlp', false) || aligned
}

/** The width of a gated MLP is a multiple of it; 0: of none. */
export function alignment(args: Config): number {
  return nonNegativeInt(args, 'swiglu_align_to', 0)
}
