/** Arguments of timm's VisionTransformer class that an architecture name implies, under timm's names. */
export interface TimmArguments {
  readonly img_size?: number | undefined
  readonly patch_size?: number | undefined
  readonly embed_dim?: number | undefined
  readonly depth?: number | undefined
  readonly num_heads?: number | undefined
  readonly mlp_ratio?: number | undefined
  readonly qkv_bias?: boolean | undefined
  readonly scale_attn_norm?: boolean | undefined
  readonly scale_mlp_norm?: boolean | undefined
  readonly init_values?: number | undefined
  readonly class_token?: boolean | undefined
  readonly no_embed_class?: boolean | undefined
  readonly reg_tokens?: number | undefined
  readonly pre_norm?: boolean | undefined
  readonly final_norm?: boolean | undefined
  readonly fc_norm?: boolean | undefined
  readonly global_pool?: 'token' | 'avg' | 'map' | undefined
  readonly pool_include_prefix?: boolean | undefined
  readonly dynamic_img_size?: boolean | undefined
  readonly act_layer?: string | undefined
  readonly norm_layer?: string | undefined
  /** Not an argument: classes that timm passes as objects, which have no name in a config. */
  readonly norm_eps?: number | undefined
  readonly gated_mlp?: boolean | undefined
  readonly residual_post_norm?: boolean | undefined
  readonly distilled?: boolean | undefined
}

type Shape = readonly [width: number, depth: number, heads: number, mlpRatio?: number]

/** Width, depth and heads by the name of the size. */
const sizes: Readonly<Record<string, Shape>> = {
  tiny: [192, 12, 3],
  xsmall: [256, 10, 4],
  wee: [256, 14, 4, 5],
  little: [320, 14, 5, 5.6],
  small: [384, 12, 6],
  medium: [512, 12, 8],
  mediumd: [512, 20, 8],
  betwixt: [640, 12, 10],
  base: [768, 12, 12],
  so150m: [896, 18, 14, 2.572],
  so150m2: [832, 21, 13, 34 / 13],
  large: [1024, 24, 16],
  intern300m: [1024, 24, 16],
  so400m: [1152, 27, 16, 3.7362],
  huge: [1280, 32, 16],
  giant: [1408, 40, 16, 48 / 11],
  giantopt: [1536, 40, 16],
  gigantic: [1664, 48, 16, 64 / 13],
}

/**
 * Further arguments by pattern of the name. Every matching rule applies; later rules override earlier ones.
 * `reg`N and `patch`N are parsed from the name.
 */
const rules: readonly (readonly [RegExp, TimmArguments])[] = [
  [/_gap_/, { class_token: false, global_pool: 'avg', fc_norm: false }],
  [/_(medium|betwixt)_patch16_gap_/, { qkv_bias: false, init_values: 1e-6 }],
  [/_base_patch16_gap_/, { num_heads: 16 }],
  // Registers without a class token; their norm is after the pooling.
  [/_reg\d_gap_/, { fc_norm: undefined, no_embed_class: true, init_values: 1e-5 }],
  [/_base_patch16_reg4_gap_/, { init_values: undefined }],
  [/_so150m_.*_gap_/, { fc_norm: false, no_embed_class: undefined, init_values: undefined }],
  [/_so150m2_/, { qkv_bias: false, no_embed_class: undefined }],
  [/_map_/, { class_token: false, global_pool: 'map' }],
  [/_plus_/, { embed_dim: 896, num_heads: 14, init_values: 1e-5 }],
  [/_clip_/, { pre_norm: true, norm_eps: 1e-5, init_values: undefined }],
  [/_quickgelu_/, { act_layer: 'quick_gelu' }],
  [/_siglip_(?!gap)/, { class_token: false, global_pool: 'map' }],
  [/_(base_patch32|so400m_patch16|giantopt_patch16)_siglip_/, { act_layer: 'gelu_tanh' }],
  [/_large_patch16_siglip_(gap_)?512/, { act_layer: 'gelu_tanh' }],
  [/_dinov2$/, { init_values: 1e-5, img_size: 518 }],
  [/_tipsv2$/, { init_values: 1, img_size: 448 }],
  [/_reg\d_(dinov2|tipsv2)$/, { no_embed_class: true }],
  [/_giant_.*_(dinov2|tipsv2)$/, { embed_dim: 1536, num_heads: 24, mlp_ratio: 2.66667 * 2 }],
  [/_giant_.*_(dinov2|tipsv2)$/, { gated_mlp: true, act_layer: 'silu' }],
  [/_so400m_.*_tipsv2$/, { mlp_ratio: 4304 / 1152 }],
  [/_miil$/, { qkv_bias: false }],
  [/_36x1_/, { depth: 36, init_values: 1e-5 }],
  [/_rpn_/, { residual_post_norm: true, qkv_bias: false, class_token: false, global_pool: 'avg' }],
  [/_rpn_/, { init_values: 1e-5 }],
  [/_intern300m_/, { init_values: 0.1, final_norm: false, dynamic_img_size: true }],
  [/^deit3_/, { no_embed_class: true, init_values: 1e-6 }],
  [/_distilled_/, { distilled: true }],
  [/^(eva|beit3)_/, { global_pool: 'avg' }],
  [/^beit3_/, { scale_attn_norm: true, scale_mlp_norm: true, norm_eps: 1e-5 }],
  [/^beit3_giant_/, { mlp_ratio: 4.3637 }],
  [/^flexivit_/, { no_embed_class: true, patch_size: 16, img_size: 240 }],
]

/** Small models of timm's own tests. */
const testModels: Readonly<Record<string, TimmArguments>> = {
  test_vit: { ...shape([64, 6, 2, 3]), dynamic_img_size: true },
  test_vit2: { ...shape([64, 8, 2, 3]), ...testTokens('avg'), dynamic_img_size: true },
  test_vit3: { ...shape([96, 9, 3, 2]), ...testTokens('map'), pool_include_prefix: true },
  test_vit4: { ...shape([96, 9, 3, 3]), ...testTokens('avg'), dynamic_img_size: true, norm_layer: 'rmsnorm' },
}

function testTokens(pool: 'avg' | 'map'): TimmArguments {
  return { class_token: false, reg_tokens: 1, init_values: 1e-5, global_pool: pool }
}

function shape([embed_dim, depth, num_heads, mlp_ratio]: Shape): TimmArguments {
  return { embed_dim, depth, num_heads, ...(mlp_ratio !== undefined && { mlp_ratio }) }
}

/** The parts of a name: family, size, patch, words of `rules`, image size. */
const grammar = new RegExp(
  '^(?:(?:vit|deit3?|beit3|eva(?=_large_))_(?<size>[a-z0-9]+)(?:_distilled)?_patch(?<patch>\\d+)' +
    '(?<words>(?:_(?:reg\\d|gap|map|plus|clip|quickgelu|siglip|dinov2|tipsv2|36x1|rpn))*)(?:_(?<image>\\d+)(?:_miil)?)?' +
    '|flexivit_(?<flexible>small|base|large))$',
)

/**
 * The arguments that a timm architecture implies, or undefined if it is not a plain vision Transformer. Hybrids with a
 * convolutional stem, parallel blocks, differential attention, rotary and relative positions are not supported.
 * @param name timm's name, with or without a pretrained tag after a dot
 */
export function timmArchitecture(name: string): TimmArguments | undefined {
  const [architecture] = name.split('.') as [string]
  if (Object.hasOwn(testModels, architecture)) return { ...testModels[architecture], img_size: 160 }
  const words = grammar.exec(architecture)?.groups
  const size = sizes[words?.size ?? words?.flexible ?? '']
  if (!words || !size) return undefined
  const registers = /_reg(\d)/.exec(architecture)?.[1]
  const implied = rules.filter(([pattern]) => pattern.test(architecture)).map(([, args]) => args)
  return Object.assign(
    shape(size),
    words.patch && { patch_size: Number(words.patch) },
    words.image && { img_size: Number(words.image) },
    registers && { reg_tokens: Number(registers) },
    ...implied,
  )
}
