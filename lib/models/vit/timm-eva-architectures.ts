/** Arguments of timm's Eva class that an architecture name implies, under timm's names. */
export interface EvaArguments {
  readonly img_size?: number | undefined
  readonly patch_size?: number
  readonly embed_dim?: number
  readonly depth?: number
  readonly num_heads?: number
  readonly mlp_ratio?: number
  readonly qkv_bias?: boolean
  readonly qkv_fused?: boolean
  readonly swiglu_mlp?: boolean
  readonly swiglu_align_to?: number
  readonly scale_mlp?: boolean
  readonly scale_attn_inner?: boolean
  readonly attn_type?: 'eva' | 'rope'
  readonly init_values?: number
  readonly class_token?: boolean
  readonly num_reg_tokens?: number
  readonly no_embed_class?: boolean
  readonly use_abs_pos_emb?: boolean
  readonly use_rot_pos_emb?: boolean
  readonly rope_type?: 'cat' | 'mixed' | 'dinov3'
  readonly rope_grid_offset?: number
  readonly rope_grid_indexing?: 'ij' | 'xy'
  readonly rope_temperature?: number
  readonly rope_rotate_half?: boolean
  readonly ref_feat_shape?: number
  readonly use_post_norm?: boolean
  readonly use_pre_transformer_norm?: boolean
  readonly use_post_transformer_norm?: boolean
  readonly use_fc_norm?: boolean
  readonly attn_pool_num_heads?: number
  readonly attn_pool_mlp_ratio?: number
  readonly global_pool?: 'token' | 'avg' | 'map'
  readonly dynamic_img_size?: boolean
  /** Not an argument: timm passes the norm as an object. */
  readonly norm_eps?: number
}

type Shape = readonly [width: number, depth: number, heads: number, mlpRatio?: number]
type Sizes = Readonly<Record<string, Shape>>
type Words = Readonly<Record<string, string | undefined>>

/** Architectures whose names have one form. */
interface Group {
  /** The groups `size` and `patch` are in every name; others may be. */
  readonly pattern: RegExp
  readonly sizes: Sizes
  arguments(words: Words): EvaArguments
}

const plain: Sizes = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
}

const gated = { swiglu_mlp: true, mlp_ratio: (4 * 2) / 3 }
const axial = { use_rot_pos_emb: true, rope_type: 'cat' } as const
const clip = ({ clip }: Words): EvaArguments => (clip ? { global_pool: 'token' } : {})

const eva: Group = {
  pattern: /^eva_(?<size>giant)_patch(?<patch>14)_(?<clip>clip_)?(?<image>\d+)$/,
  sizes: { giant: [1408, 40, 16, 6144 / 1408] },
  arguments: clip,
}

const eva02: Group = {
  pattern:
    /^eva02_(?<size>tiny|small|base|large|enormous)_patch(?<patch>14|16)_(?<clip>clip_)?(?<image>\d+)$/,
  sizes: { ...plain, enormous: [1792, 64, 16, 15360 / 1792] },
  arguments(words) {
    if (words.size === 'enormous') return { ...clip(words), use_post_norm: true }
    const normed = words.size === 'base' || words.size === 'large'
    return {
      ...{ ...axial, ...gated, ...clip(words), ref_feat_shape: 16 },
      ...(normed && { qkv_fused: false, scale_mlp: true }),
      ...(words.clip && { scale_attn_inner: true }),
    }
  },
}

/** RoPE-ViT (Heo et al. 2024). */
const ropeVit: Group = {
  pattern:
    /^vit_(?<size>small|base|large)_patch(?<patch>16)_rope(?<mixed>_mixed)?(?<table>_ape)?_(?<image>224)$/,
  sizes: plain,
  arguments: ({ mixed, table }) => ({
    ...{ attn_type: 'rope', init_values: 1e-5, global_pool: 'token', use_abs_pos_emb: table !== undefined },
    ...{ use_rot_pos_emb: true, rope_grid_indexing: 'xy', no_embed_class: table !== undefined },
    ...(mixed ? { rope_type: 'mixed', rope_temperature: 10 } : { rope_type: 'cat', rope_temperature: 100 }),
  }),
}

/** timm's own, without a class token. */
const ropeRegisters: Group = {
  pattern:
    /^vit_(?<size>medium|mediumd|betwixt|base)_patch(?<patch>16)_rope_reg(?<registers>[14])_gap_(?<image>256)$/,
  sizes: { ...plain, medium: [512, 12, 8], mediumd: [512, 20, 8], betwixt: [640, 12, 10] },
  arguments: ({ size, registers }) => ({
    ...{ ...axial, ref_feat_shape: 16, use_abs_pos_emb: false, init_values: 1e-5 },
    ...{ class_token: false, num_reg_tokens: Number(registers), qkv_bias: size !== 'mediumd' },
  }),
}

/** DINOv3, and LingBot-Vision, which has its architecture. */
const dinov3: Group = {
  pattern:
    /^vit_(?<size>tiny|small|small_plus|base|large|huge_plus|giant|7b)_patch(?<patch>16)_(?<kind>dinov3|lingbot)(?<bias>_qkvb)?$/,
  sizes: {
    ...{ ...plain, small_plus: plain.small!, huge_plus: [1280, 32, 20] },
    ...{ giant: [1536, 40, 24, (4 * 2) / 3], '7b': [4096, 40, 32, 2] },
  },
  arguments({ size, kind, bias }) {
    const swiglu = size === 'small_plus' || size === 'huge_plus' || size === 'giant' || size === '7b'
    return {
      ...{ dynamic_img_size: true, init_values: 1e-5, use_abs_pos_emb: false, num_reg_tokens: 4 },
      ...{ use_rot_pos_emb: true, rope_type: 'dinov3', rope_temperature: 100, rope_rotate_half: true },
      ...{ use_fc_norm: false, norm_eps: 1e-5 },
      qkv_bias: kind === 'lingbot' ? size !== 'giant' : bias !== undefined,
      ...(kind === 'lingbot' && { global_pool: 'token' }),
      ...(swiglu && { swiglu_mlp: true, swiglu_align_to: size === '7b' ? 64 : 8 }),
    }
  },
}

/** Depth of the gigantic Perception Encoders, and of the large one for language. */
const perceptionDepths: Readonly<Record<string, number>> = { core: 50, spatial: 50, lang: 47 }

/** Perception Encoder (Bolya et al. 2025). Its rotary angles are those of its own grid. */
const perception: Group = {
  pattern:
    /^vit_pe_(?<kind>core|lang|spatial)_(?<size>tiny|small|base|large|gigantic)_patch(?<patch>14|16)_(?<image>\d+)$/,
  sizes: { ...plain, gigantic: [1536, 50, 16, 8960 / 1536] },
  arguments({ kind, size, patch, image }) {
    const gigantic = size === 'gigantic'
    return {
      ...{ ...axial, attn_type: 'rope', rope_grid_indexing: 'xy', use_pre_transformer_norm: true },
      ...{ ref_feat_shape: Math.floor(Number(image) / Number(patch)), norm_eps: 1e-5 },
      ...(gigantic ? { class_token: false, depth: perceptionDepths[kind!]! } : { rope_grid_offset: 1 }),
      ...(kind === 'lang' && size === 'large' && { depth: 23 }),
      ...(kind === 'core'
        ? { global_pool: 'map', attn_pool_num_heads: 8, attn_pool_mlp_ratio: 4 }
        : { use_post_transformer_norm: false, use_fc_norm: false }),
      ...(kind !== 'core' && (kind === 'lang' || gigantic) && { init_values: 0.1 }),
    }
  },
}

const groups: readonly Group[] = [eva, eva02, ropeVit, ropeRegisters, dinov3, perception]

/**
 * The arguments that a timm architecture of class Eva implies, or undefined if it is not of that class.
 * @param name timm's name, with or without a pretrained tag after a dot
 */
export function evaArchitecture(name: string): EvaArguments | undefined {
  const [architecture] = name.split('.') as [string]
  for (const group of groups) {
    const words = group.pattern.exec(architecture)?.groups
    const size = group.sizes[words?.size ?? '']
    if (!words || !size) continue
    const [embed_dim, depth, num_heads, mlp_ratio] = size
    return {
      ...{ patch_size: Number(words.patch), embed_dim, depth, num_heads, rope_type: 'cat' },
      ...(words.image && { img_size: Number(words.image) }),
      ...(mlp_ratio !== undefined && { mlp_ratio }),
      ...group.arguments(words),
      // The widths of the largest sizes have ratios of their own.
      ...(mlp_ratio !== undefined && { mlp_ratio }),
    }
  }
  return undefined
}
