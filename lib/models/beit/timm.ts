import {
  boolean,
  type Config,
  configInvalid,
  number,
  oneOf,
  optional,
  positiveInt,
  positiveNumber,
  sizePair,
} from '../../files/config.js'
import { imageTasks } from '../family.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { checkSizes } from '../sizes.js'
import { timmClasses } from '../timm-arguments.js'
import { timmName } from '../timm-wrapper.js'
import { checkEmbeddingSpec } from '../vit/check-spec.js'
import { gridOf } from '../vit/grid.js'
import type { EmbeddingSpec } from '../vit/spec.js'
import { argumentsOf } from '../vit/timm-arguments.js'
import { type BeitConfig, beitLayers } from './config.js'
import type { BeitLayout } from './layout.js'
import { timmNames } from './names.js'

/** timm's Beit, and the same weights of the authors. */
export const timm: BeitLayout = {
  library: 'timm',
  published: ['beit_*', 'beitv2_*'],
  claims: (name) => impliedBy(name) !== undefined,

  // The authors of BEiT v2 did not remove the prefix of the training.
  checkpoint: () => ({ rename: (name) => timmName(name).replace(/^module\./, '') }),

  async describe({ config, kind }, reader) {
    const args = argumentsOf(config, impliedBy(kind.name)!, { known, flags })
    const classes = timmClasses(config, args, reader, 'head')
    const spec = readSpec(args)
    return {
      ...{ spec, names: timmNames, prefix: undefined, className: 'Beit', tasks: imageTasks(classes > 0) },
      heads: { pools: true, classes, tokens: 0, segments: undefined },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
      imageSize: [spec.embedding.channels, ...spec.embedding.image],
    }
  },
}

const sizes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  base: { embed_dim: 768, depth: 12, num_heads: 12 },
  large: { embed_dim: 1024, depth: 24, num_heads: 16 },
}

/** Arguments that an architecture name implies. */
interface Implied {
  readonly img_size: number
  readonly [argument: string]: unknown
}

function impliedBy(name: string): Implied | undefined {
  const [, second, size = '', patch, image] =
    /^beit(v2)?_(base|large)_patch(\d+)_(224|384|512)(?:_in22k|_in22ft1k)?(?:\.|$)/.exec(name) ?? []
  const sized = sizes[size]
  if (!sized || patch !== '16' || (second && image !== '224')) return undefined
  const biases = { use_abs_pos_emb: false, use_rel_pos_bias: true, init_values: 1e-5 }
  return { ...sized, ...biases, patch_size: Number(patch), img_size: Number(image) } as const
}

const flags = [
  'qkv_bias',
  'swiglu_mlp',
  'scale_mlp',
  'use_abs_pos_emb',
  'use_rel_pos_bias',
  'use_shared_rel_pos_bias',
]
const known = [
  ...['img_size', 'patch_size', 'in_chans', 'num_classes', 'global_pool', 'embed_dim', 'depth', 'num_heads'],
  ...['mlp_ratio', 'init_values', 'head_init_scale', ...flags],
]

function readSpec(args: Config): BeitConfig {
  for (const key of ['swiglu_mlp', 'scale_mlp'])
    if (boolean(args, key, false)) throw configInvalid(args, key, 'false: such layers are not supported')
  const [image, patch] = [sizePair(args, 'img_size', [224, 224]), sizePair(args, 'patch_size', [16, 16])]
  const width = positiveInt(args, 'embed_dim', 768)
  const [heads, layers] = [positiveInt(args, 'num_heads', 12), positiveInt(args, 'depth', 12)]
  const feedForward = Math.trunc(width * positiveNumber(args, 'mlp_ratio', 4))
  checkSizes(args.file, { heads, layers, width: [width, feedForward] })
  if (width % heads !== 0) throw configInvalid(args, 'num_heads', `a divisor of embed_dim, ${width}`)
  const grid = gridOf(image, patch)
  const positions = { covers: 'all', grid, resize: 'timm' } as const
  const embedding: EmbeddingSpec = {
    ...{ channels: positiveInt(args, 'in_chans', 3), image, patch, patchBias: true, width },
    ...{ accepts: 'any', maskToken: false, embeddingNorm: false },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: boolean(args, 'use_abs_pos_emb', true) ? positions : undefined,
    norm: { kind: 'layer', epsilon },
  }
  checkEmbeddingSpec(embedding, args.file)
  return {
    ...{ embedding, grid, exact: true },
    layers: beitLayers({
      ...{ width, heads, layers, feedForward, epsilon, activation: 'gelu' },
      queryValueBias: boolean(args, 'qkv_bias', true),
      layerScale: Boolean(optional(number, args, 'init_values')),
    }),
    bias: {
      shared: boolean(args, 'use_shared_rel_pos_bias', false),
      own: boolean(args, 'use_rel_pos_bias', false),
    },
    meanPooling: oneOf(args, 'global_pool', ['avg', 'token'], 'avg') === 'avg',
  }
}

/** Of timm's LayerNorm. */
const epsilon = 1e-6
