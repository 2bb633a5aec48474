type Arguments = Readonly<Record<string, unknown>>

/** ResNets without norms: nf_resnet, nf_seresnet and nf_ecaresnet. */
const resnetDepths: Readonly<Record<string, readonly number[]>> = {
  26: [2, 2, 2, 2],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
}

function resnet(attention: string, depth: string): Arguments | undefined {
  const depths = resnetDepths[depth]
  return (
    depths && {
      ...{ depths, channels: [256, 512, 1024, 2048], stem_type: '7x7_pool', stem_chs: 64 },
      ...{ bottle_ratio: 0.25, act_layer: 'relu', ...attentionOf(attention, { rd_ratio: 1 / 16 }) },
    }
  )
}

function attentionOf(attention: string, squeeze: Arguments): Arguments {
  if (attention === '') return {}
  return { attn_layer: attention, attn_kwargs: attention === 'se' ? squeeze : {} }
}

/** RegNets without norms: depths and channels. */
const regnets: readonly (readonly [depths: readonly number[], channels: readonly number[]])[] = [
  [
    [1, 3, 6, 6],
    [48, 104, 208, 440],
  ],
  [
    [2, 4, 7, 7],
    [48, 104, 208, 440],
  ],
  [
    [2, 4, 8, 8],
    [56, 112, 232, 488],
  ],
  [
    [2, 5, 9, 9],
    [56, 128, 248, 528],
  ],
  [
    [2, 6, 11, 11],
    [64, 144, 288, 616],
  ],
  [
    [3, 7, 14, 14],
    [80, 168, 336, 704],
  ],
]

function regnet(size: number): Arguments | undefined {
  const [depths, channels] = regnets[size] ?? []
  if (!depths || !channels) return undefined
  return {
    ...{ depths, channels, stem_type: '3x3', group_size: 8, width_factor: 0.75, bottle_ratio: 2.25 },
    ...{ num_features: Math.floor((1280 * channels[3]!) / 440), reg: true, ...attentionOf('se', half) },
  }
}

const half = { rd_ratio: 0.5 }
const quarter = { rd_ratio: 0.25, rd_divisor: 8 }

/** NFNet-F and its lighter variants. @param size a multiple of the depths of the smallest */
function nfnet(size: number, more: Arguments): Arguments {
  return {
    depths: [1, 2, 6, 3].map((depth) => depth * (size + 1)),
    ...{ channels: [256, 512, 1536, 1536], stem_type: 'deep_quad', stem_chs: 128, group_size: 128 },
    ...{ bottle_ratio: 0.5, extra_conv: true, num_features: 3072, act_layer: 'gelu' },
    ...{ ...attentionOf('se', half), ...more },
  }
}

const deepMind = { gamma_in_act: true, same_padding: true, skipinit: true }
const light = { group_size: 64, bottle_ratio: 0.25, act_layer: 'silu' }

/**
 * The arguments that an architecture name of timm's NormFreeNet implies, with or without a pretrained tag after a dot.
 * undefined if it is not such a name.
 */
export function timmArchitecture(name: string): Arguments | undefined {
  const [architecture = ''] = name.split('.', 1)
  if (architecture === 'test_nfnet') return testNet
  if (architecture === 'nfnet_l0') return nfnet(0, { ...light, num_features: 2304, attn_kwargs: quarter })
  const [, attention, depth = ''] = /^nf_(se|eca|)resnet(\d+)$/.exec(architecture) ?? []
  if (attention !== undefined) return resnet(attention, depth)
  const [, b] = /^nf_regnet_b(\d)$/.exec(architecture) ?? []
  if (b !== undefined) return regnet(Number(b))
  const [, l] = /^eca_nfnet_l([0-3])$/.exec(architecture) ?? []
  if (l !== undefined) {
    const num_features = l === '0' ? 2304 : 3072
    return nfnet(Number(l), { ...light, num_features, ...attentionOf('eca', {}) })
  }
  const [, dm, f] = /^(dm_)?nfnet_f([0-7])$/.exec(architecture) ?? []
  if (f === undefined || (dm && f === '7')) return undefined
  return nfnet(Number(f), dm ? deepMind : {})
}

const testNet: Arguments = {
  ...{ ...nfnet(0, light), depths: [1, 1, 1, 1], channels: [32, 64, 96, 128], num_features: 192 },
  ...{ group_size: 8, attn_kwargs: quarter },
}
