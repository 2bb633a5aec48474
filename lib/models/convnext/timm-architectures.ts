/** Depths of the stages and width of the first, by the size in timm's architecture names. */
const sizes: Record<string, readonly [depths: readonly number[], width: number]> = {
  zepto: [[2, 2, 4, 2], 32],
  atto: [[2, 2, 6, 2], 40],
  femto: [[2, 2, 6, 2], 48],
  pico: [[2, 2, 6, 2], 64],
  nano: [[2, 2, 8, 2], 80],
  tiny: [[3, 3, 9, 3], 96],
  small: [[3, 3, 27, 3], 96],
  base: [[3, 3, 27, 3], 128],
  large: [[3, 3, 27, 3], 192],
  xlarge: [[3, 3, 27, 3], 256],
  huge: [[3, 3, 27, 3], 352],
  xxlarge: [[3, 4, 30, 3], 384],
}

const stems: Record<string, string> = {
  atto_ols: 'overlap_tiered',
  femto_ols: 'overlap_tiered',
  pico_ols: 'overlap_tiered',
  nano_ols: 'overlap',
  zepto_rms_ols: 'overlap_act',
}

/** The small models with which timm tests itself. */
const tests: Record<string, Readonly<Record<string, unknown>>> = {
  test_convnext: { depths: [1, 2, 4, 2], dims: [24, 32, 48, 64], act_layer: 'gelu_tanh' },
  test_convnext2: { depths: [1, 1, 1, 1], dims: [32, 64, 96, 128], act_layer: 'gelu_tanh' },
  test_convnext3: {
    ...{ depths: [1, 1, 1, 1], dims: [32, 64, 96, 128], kernel_sizes: [7, 5, 5, 3], act_layer: 'silu' },
  },
}

/**
 * The arguments of timm's class that convnext[v2]_SIZE[_ols|_rms|_hnf|_mlp] and test_convnext[2|3] imply, with or without a
 * pretrained tag after a dot. undefined if it is not a name of timm's ConvNeXt.
 */
export function timmArchitecture(name: string): Readonly<Record<string, unknown>> | undefined {
  const tested = /^test_convnext\d?(?=\.|$)/.exec(name)?.[0] ?? ''
  if (Object.hasOwn(tests, tested))
    return { stem_type: 'patch', ls_init_value: 1e-6, norm_eps: 1e-5, ...tests[tested] }
  const [, version, size = '', extra = ''] =
    /^convnext(v2)?_([a-z]+)(?:_(ols|rms(?:_ols)?|hnf|mlp))?(?:\.|$)/.exec(name) ?? []
  const known = Object.hasOwn(sizes, size) ? sizes[size] : undefined
  if (!known) return undefined
  const [depths, width] = known
  const second = version !== undefined
  return {
    ...{ depths, dims: [1, 2, 4, 8].map((factor) => factor * width) },
    ...{ stem_type: stems[`${size}_${extra}`] ?? 'patch', use_grn: second },
    ls_init_value: second ? null : 1e-6,
    norm_eps: size === 'xxlarge' ? 1e-5 : 1e-6,
    norm_layer: normOf(size, extra),
    head_norm_first: extra === 'hnf',
    head_hidden_size: extra === 'mlp' ? 8 * width : null,
  }
}

function normOf(size: string, extra: string): string {
  if (!extra.startsWith('rms')) return 'layernorm'
  return size === 'zepto' ? 'simplenorm' : 'rmsnorm2d'
}
