/** Kind of blocks and depths of the stages, by the number in an architecture name. */
const depths: Readonly<Record<string, readonly ['basic' | 'bottleneck', readonly number[]]>> = {
  10: ['basic', [1, 1, 1, 1]],
  14: ['bottleneck', [1, 1, 1, 1]],
  18: ['basic', [2, 2, 2, 2]],
  26: ['bottleneck', [2, 2, 2, 2]],
  34: ['basic', [3, 4, 6, 3]],
  50: ['bottleneck', [3, 4, 6, 3]],
  101: ['bottleneck', [3, 4, 23, 3]],
  152: ['bottleneck', [3, 8, 36, 3]],
  200: ['bottleneck', [3, 24, 36, 3]],
  269: ['bottleneck', [3, 30, 48, 8]],
}

/** Stems and shortcuts (He et al. 2018), by the letter after the number. */
const variants: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '': {},
  c: { stem_type: 'deep', stem_width: 32 },
  d: { stem_type: 'deep', stem_width: 32, avg_down: true },
  s: { stem_type: 'deep', stem_width: 64 },
  t: { stem_type: 'deep_tiered', stem_width: 32, avg_down: true },
}

/** ResNet-RS (Bello et al. 2021) has depths of its own. */
const rsDepths: Readonly<Record<string, readonly number[]>> = {
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
  270: [4, 29, 53, 4],
  350: [4, 36, 72, 4],
  420: [4, 44, 87, 4],
}

const special: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ecaresnetlight: {
    ...{ block: 'bottleneck', layers: [1, 1, 11, 3], stem_width: 32, avg_down: true },
    block_args: { attn_layer: 'eca' },
  },
  ecaresnext50t_32x4d: {
    ...{ block: 'bottleneck', layers: [2, 2, 2, 2], cardinality: 32, base_width: 4, ...variants.t },
    block_args: { attn_layer: 'eca' },
  },
  senet154: {
    ...{ block: 'bottleneck', layers: [3, 8, 36, 3], cardinality: 64, base_width: 4, stem_type: 'deep' },
    ...{ down_kernel_size: 3, block_reduce_first: 2, block_args: { attn_layer: 'se' } },
  },
  seresnextaa201d_32x8d: {
    ...{ block: 'bottleneck', layers: [3, 24, 36, 4], cardinality: 32, base_width: 8, ...variants.d },
    ...{ stem_width: 64, aa_layer: 'avg', block_args: { attn_layer: 'se' } },
  },
  test_resnet: {
    ...{ block: ['basic', 'basic', 'bottleneck', 'basic'], layers: [1, 1, 1, 1], avg_down: true },
    ...{ stem_type: 'deep', stem_width: 16, channels: [32, 48, 48, 96] },
  },
}

const pattern =
  /^(?<kind>wide_|se|eca)?res(?<net>net|next)(?<aa>aa|blur)?(?<depth>\d+)(?<variant>[cdst])?(?:_(?<groups>\d+)x(?<base>\d+)d)?(?<wide>_2)?(?<norm>_gn)?$/

/**
 * The arguments that an architecture name of timm's ResNet implies, with or without a pretrained tag after a dot.
 * undefined if it is not such a name.
 */
export function timmArchitecture(name: string): Readonly<Record<string, unknown>> | undefined {
  const [architecture = ''] = name.split('.', 1)
  if (Object.hasOwn(special, architecture)) return special[architecture]
  return rsArguments(architecture) ?? patternArguments(architecture)
}

function rsArguments(architecture: string): Readonly<Record<string, unknown>> | undefined {
  const layers = rsDepths[/^resnetrs(\d+)$/.exec(architecture)?.[1] ?? '']
  if (!layers) return undefined
  const block_args = { attn_layer: 'se', rd_ratio: 0.25 }
  return { block: 'bottleneck', layers, ...variants.d, replace_stem_pool: true, block_args }
}

function patternArguments(architecture: string): Readonly<Record<string, unknown>> | undefined {
  const {
    kind,
    net,
    aa,
    depth = '',
    variant = '',
    groups,
    base,
    wide,
    norm,
  } = pattern.exec(architecture)?.groups ?? {}
  const known = depths[depth]
  const isNext = net === 'next'
  if (!known || isNext !== (groups !== undefined) || (kind === 'wide_') !== (wide !== undefined))
    return undefined
  const [block, layers] = known
  return {
    ...{ block, layers, ...variants[variant] },
    ...(isNext && { cardinality: Number(groups), base_width: Number(base) }),
    ...(wide && { base_width: 128 }),
    ...(aa && { aa_layer: aa === 'aa' ? 'avg' : aa }),
    ...(norm && { norm_layer: 'groupnorm' }),
    ...((kind === 'se' || kind === 'eca') && { block_args: { attn_layer: kind } }),
  }
}
