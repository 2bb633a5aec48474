/** Arguments of timm's Eva class that an architecture name implies, under timm's names. */
export interface EvaArguments {
  readonly img_size?: number
  readonly patch_size?: number
  readonly embed_dim?: number
  readonly depth?: number
  readonly num_heads?: number
  readonly mlp_ratio?: number
  readonly global_pool?: 'token' | 'avg' | 'map'
  readonly qkv_bias?: boolean
  readonly qkv_fused?: boolean
  readonly swiglu_mlp?: boolean
  readonly swiglu_align_to?: number
  readonly scale_mlp?: boolean
  readonly scale_attn_inner?: boolean
  readonly attn_type?: 'rope'
  readonly init_values?: number
  readonly class_token?: boolean
  readonly num_reg_tokens?: number
  readonly no_embed_class?: boolean
  readonly use_abs_pos_emb?: boolean
  readonly use_rot_pos_emb?: boolean
  readonly rope_type?: 'mixed' | 'dinov3'
  readonly rope_grid_offset?: number
  readonly rope_grid_indexing?: 'xy'
  readonly rope_temperature?: number
  readonly rope_rotate_half?: boolean
  readonly ref_feat_shape?: readonly [number, number]
  readonly use_post_norm?: boolean
  readonly use_pre_transformer_norm?: boolean
  readonly use_post_transformer_norm?: boolean
  readonly use_fc_norm?: boolean
  readonly attn_pool_num_heads?: number
  readonly attn_pool_mlp_ratio?: number
  readonly dynamic_img_size?: boolean
  /** Not an argument: timm passes a class. */
  readonly norm_eps?: number
}

/** Width, depth and heads by the name of the size. */
const sizes: Readonly<Record<string, readonly [number, number, number]>> = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  medium: [512, 12, 8],
  mediumd: [512, 20, 8],
  betwixt: [640, 12, 10],
  base: [768, 12, 12],
  large: [1024, 24, 16],
  huge: [1280, 32, 20],
  giant: [1408, 40, 16],
  gigantic: [1536, 50, 16],
  enormous: [1792, 64, 16],
  '7b': [4096, 40, 32],
}

/** Further arguments by pattern of the name. Every matching rule applies; later rules override earlier ones. */
const rules: readonly (readonly [RegExp, EvaArguments])[] = [
  [/_clip_/, { global_pool: 'token' }],
  // EVA and EVA-02
  [/^eva_giant_/, { mlp_ratio: 6144 / 1408 }],
  [/^eva02_enormous_/, { mlp_ratio: 15360 / 1792, use_post_norm: true }],
  [/^eva02_(?!enormous)/, { mlp_ratio: 8 / 3, swiglu_mlp: true, use_rot_pos_emb: true }],
  [/^eva02_(?!enormous)/, { ref_feat_shape: [16, 16] }],
  [/^eva02_(base|large)_/, { qkv_fused: false, scale_mlp: true }],
  [/^eva02_(base|large)_.*_clip_/, { scale_attn_inner: true }],
  // RoPE-ViT, and models of timm with registers
  [/_rope_/, { init_values: 1e-5, use_abs_pos_emb: false, use_rot_pos_emb: true }],
  [/_rope_reg\d_/, { class_token: false, ref_feat_shape: [16, 16] }],
  [/_rope_reg1_/, { num_reg_tokens: 1 }],
  [/_rope_reg4_/, { num_reg_tokens: 4 }],
  [/_mediumd_/, { qkv_bias: false }],
  [/_rope_(?!reg)/, { attn_type: 'rope', global_pool: 'token', rope_grid_indexing: 'xy' }],
  [/_rope_(?!reg)/, { rope_temperature: 100 }],
  [/_rope_mixed_/, { rope_type: 'mixed', rope_temperature: 10 }],
  [/_ape_/, { no_embed_class: true, use_abs_pos_emb: true }],
  [/_base_patch16_rope_224/, { use_fc_norm: false }],
  // Perception Encoder
  [/_pe_/, { attn_type: 'rope', use_pre_transformer_norm: true, norm_eps: 1e-5 }],
  [/_pe_/, { use_rot_pos_emb: true, rope_grid_offset: 1, rope_grid_indexing: 'xy' }],
  [/_pe_core_/, { global_pool: 'map', attn_pool_num_heads: 8, attn_pool_mlp_ratio: 4 }],
  [/_pe_(lang|spatial)_/, { use_post_transformer_norm: false, use_fc_norm: false }],
  [/_pe_.*_gigantic_/, { class_token: false, mlp_ratio: 8960 / 1536, rope_grid_offset: 0 }],
  [/_pe_lang_|_pe_spatial_gigantic_/, { init_values: 0.1 }],
  [/_pe_lang_large_/, { depth: 23 }],
  [/_pe_lang_gigantic_/, { depth: 47 }],
  // DINOv3 and LingBot
  [/_(dinov3|lingbot)/, { dynamic_img_size: true, qkv_bias: false, init_values: 1e-5, img_size: 256 }],
  [/_(dinov3|lingbot)/, { rope_type: 'dinov3', rope_temperature: 100, rope_rotate_half: true }],
  [/_(dinov3|lingbot)/, { use_rot_pos_emb: true, use_abs_pos_emb: false, num_reg_tokens: 4 }],
  [/_(dinov3|lingbot)/, { use_fc_norm: false, norm_eps: 1e-5 }],
  [/_qkvb$|_(small|base|large)_.*_lingbot$/, { qkv_bias: true }],
  [/_lingbot$/, { global_pool: 'token', img_size: 512 }],
  [/_plus_|_giant_.*_lingbot$/, { swiglu_mlp: true, swiglu_align_to: 8 }],
  [/_giant_.*_lingbot$/, { embed_dim: 1536, num_heads: 24, mlp_ratio: 8 / 3 }],
  [/_7b_/, { swiglu_mlp: true, swiglu_align_to: 64, mlp_ratio: 2 }],
]

/** The parts of a name: family, size, patch, words of `rules`, image size. */
const grammar = new RegExp(
  '^(?:eva(?=_giant)|eva02|vit_pe_(?:core|lang|spatial)|vit(?=_.*_(?:rope|dinov3|lingbot)))_(?<size>[a-z0-9]+)' +
    '(?:_plus(?=_.*_dinov3))?_patch(?<patch>\\d+)' +
    '(?:(?:_clip|_rope(?:_mixed)?(?:_ape)?|_rope_reg[14]_gap)?_(?<image>\\d+)|_dinov3(?:_qkvb)?|_lingbot)$',
)

/**
 * The arguments that a timm architecture of the class Eva implies, or undefined for another one.
 * @param name timm's name, with or without a pretrained tag after a dot
 */
export function evaArchitecture(name: string): EvaArguments | undefined {
  const [architecture] = name.split('.') as [string]
  const words = grammar.exec(architecture)?.groups
  const size = sizes[words?.size ?? '']
  if (!words || !size) return undefined
  const [embed_dim, depth, num_heads] = size
  const [patch, image] = [Number(words.patch), Number(words.image)]
  const implied = rules.filter(([pattern]) => pattern.test(architecture)).map(([, args]) => args)
  return Object.assign(
    { embed_dim, depth, num_heads, patch_size: patch },
    words.image && { img_size: image },
    architecture.includes('_pe_') && { ref_feat_shape: [image / patch, image / patch] },
    ...implied,
  )
}
