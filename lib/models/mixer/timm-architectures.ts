type Arguments = Readonly<Record<string, unknown>>

/** The class, which may stand for a name. */
export const className = 'MlpMixer'

const mixers: Readonly<Record<string, readonly [depth: number, width: number]>> = {
  s: [8, 512],
  b: [12, 768],
  l: [24, 1024],
}
const gatingWidths: Readonly<Record<string, number>> = { ti: 128, s: 256, b: 512 }

/** The arguments of timm's class that a name implies. undefined if it is not one of this family. */
export function timmArchitecture(name: string): Arguments | undefined {
  if (name === className) return {}
  return mixer(name) ?? gatedMixer(name) ?? residual(name) ?? spatialGating(name)
}

function mixer(name: string): Arguments | undefined {
  const [, size = '', patch, image] = /^mixer_([sbl])(16|32)_(224)(?:_miil)?(?:\.|$)/.exec(name) ?? []
  const known = mixers[size]
  if (!known) return undefined
  return { num_blocks: known[0], embed_dim: known[1], patch_size: Number(patch), img_size: Number(image) }
}

function gatedMixer(name: string): Arguments | undefined {
  const [, depth] = /^gmixer_(12|24)_224(?:\.|$)/.exec(name) ?? []
  if (depth === undefined) return undefined
  return {
    ...{ num_blocks: Number(depth), embed_dim: 384, patch_size: 16, img_size: 224, mlp_ratio: [1, 4] },
    ...{ mlp_layer: 'GluMlp', act_layer: 'silu' },
  }
}

function residual(name: string): Arguments | undefined {
  const [, big, depth] = /^resmlp_(big_)?(12|24|36)(?:_distilled)?_224(?:_dino)?(?:\.|$)/.exec(name) ?? []
  if (depth === undefined) return undefined
  return {
    ...{ num_blocks: Number(depth), embed_dim: big ? 768 : 384, patch_size: big ? 8 : 16, img_size: 224 },
    ...{ mlp_ratio: 4, block_layer: 'ResBlock', norm_layer: 'Affine' },
  }
}

function spatialGating(name: string): Arguments | undefined {
  const [, size = ''] = /^gmlp_(ti|s|b)16_224(?:\.|$)/.exec(name) ?? []
  const embed_dim = gatingWidths[size]
  if (embed_dim === undefined) return undefined
  return {
    ...{ num_blocks: 30, embed_dim, patch_size: 16, img_size: 224, mlp_ratio: 6 },
    ...{ block_layer: 'SpatialGatingBlock', mlp_layer: 'GatedMlp' },
  }
}
