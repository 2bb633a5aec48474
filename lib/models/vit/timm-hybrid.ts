import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  object,
  oneOf,
  positiveInt,
  positiveInts,
} from '../../files/config.js'
import { type BitSpec, bitBlocks } from '../bit/spec.js'
import { bitStages, checkBitSizes } from '../bit/stages.js'
import { timmNames } from '../bit/timm.js'
import { labelDescriptions, timmLabels } from '../labels.js'
import { storedClasses, timmName } from '../timm-wrapper.js'
import { gridOf } from './grid.js'
import { reductionOf } from './hybrid.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames } from './names.js'
import { timmSpecOf } from './timm.js'
import type { TimmArguments } from './timm-architectures.js'
import { argumentsOf } from './timm-arguments.js'

/** The class names of a hybrid that was built by hand; its arguments are under args.vit and args.backbone. */
const assembled = 'VisionTransformer(embed_layer=HybridEmbed(backbone=ResNetV2))'

/** timm's VisionTransformer over a ResNetV2, or over its stem alone. */
export const timmHybrid: VitLayout = {
  library: 'timm',
  published: ['vit_*_r_s16_p8_*, vit_*_r26_s32_*, vit_*_r50_s16_*, vit_*_r50_s32_*'],
  claims: (name) => name === assembled || impliedBy(name) !== undefined,

  checkpoint: () => ({ rename: timmName }),

  async describe({ config, kind }, reader) {
    const { args, backbone } = kind.name === assembled ? readAssembled(config) : readNamed(config, kind.name)
    const network = readBackbone(backbone)
    checkBitSizes(config.file, network)
    const vit = timmSpecOf(args, {})
    const reduction = reductionOf(network)
    const names = timmNames('patch_embed.backbone.', network.stages.length > 0 ? 'stem.' : '')
    // To the rest of the model, a patch is what one position of the grid sees of the image.
    const patch = [reduction * vit.patch[0], reduction * vit.patch[1]] as const
    const classes = storedClasses(config, vit.head.classes, reader, commonNames.classifier)
    if (classes === 0) reader.ignore(/^head\./, 'num_classes is 0')
    if (vit.image.some((side, axis) => side % patch[axis]! !== 0))
      throw configInvalid(args, 'img_size', `multiples of ${patch.join(' and ')}`)
    const spec = {
      ...{ ...vit, patch, backbone: { network, names, patch: vit.patch } },
      positions: vit.positions && { ...vit.positions, grid: gridOf(vit.image, patch) },
      head: { ...vit.head, classes },
    }
    return describeVit(config.file, {
      ...{ spec, names: commonNames, className: 'VisionTransformer' },
      labels: await timmLabels(config, classes),
      labelDescriptions: labelDescriptions(config),
    })
  },
}

interface Hybrid {
  /** Arguments of the Transformer. */
  readonly args: Config
  readonly backbone: Config
}

const sizes: Readonly<Record<string, readonly [width: number, depth: number, heads: number]>> = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
}

/** Depths of the backbone's stages, by its part of a name. */
const backbones: Readonly<Record<string, readonly number[]>> = {
  r_s16_p8: [],
  r26_s32: [2, 2, 2, 2],
  r50_s16: [3, 4, 9],
  r50_s32: [3, 4, 6, 3],
}

function impliedBy(name: string): { vit: TimmArguments; layers: readonly number[] } | undefined {
  const [, size = '', backbone = '', image] =
    /^vit_([a-z]+)_(r\d*_s\d+(?:_p\d+)?)_(\d+)(?:\.|$)/.exec(name) ?? []
  const [layers, sized] = [backbones[backbone], sizes[size]]
  if (!layers || !sized) return undefined
  const [embed_dim, depth, num_heads] = sized
  const patch_size = layers.length === 0 ? 8 : 1
  return { layers, vit: { embed_dim, depth, num_heads, patch_size, img_size: Number(image) } }
}

function readNamed(config: Config, name: string): Hybrid {
  const { vit, layers } = impliedBy(name)!
  const args = argumentsOf(config, vit)
  return { args, backbone: { ...args, values: { layers, in_chans: args.values.in_chans } } }
}

function readAssembled(config: Config): Hybrid {
  const parts = object(config, 'args')
  const vit = object(parts, 'vit')
  return { args: { ...vit, values: { patch_size: 1, ...vit.values } }, backbone: object(parts, 'backbone') }
}

const known = ['layers', 'channels', 'stem_chs', 'preact', 'stem_type', 'conv_layer', 'conv_eps', 'in_chans']

function readBackbone(backbone: Config): BitSpec {
  for (const key of Object.keys(backbone.values))
    if (!known.includes(key)) throw configInvalid(backbone, key, `one of the keys ${known.join(', ')}`)
  const layers = positiveInts(backbone, 'layers')
  const channels = positiveInts(backbone, 'channels', [256, 512, 1024, 2048].slice(0, layers.length))
  if (channels.length !== layers.length) throw configInvalid(backbone, 'channels', 'as many as layers')
  oneOf(backbone, 'stem_type', ['same'], 'same')
  oneOf(backbone, 'conv_layer', ['StdConv2dSame'], 'StdConv2dSame')
  if (boolean(backbone, 'preact', false)) throw configInvalid(backbone, 'preact', 'false')
  if (epsilon(backbone, 'conv_eps', 1e-8) !== 1e-8) throw configInvalid(backbone, 'conv_eps', '1e-8')
  return {
    ...bitBlocks,
    channels: positiveInt(backbone, 'in_chans', 3),
    stem: { width: positiveInt(backbone, 'stem_chs', 64), border: false, pooling: 'same' },
    stages: bitStages(layers, channels, 32),
    ...{ preactivation: false, activation: 'relu', groups: 32, padding: 'same' },
  }
}
