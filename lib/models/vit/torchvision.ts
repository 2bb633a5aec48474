import {
  type Config,
  epsilon,
  isSet,
  nonNegativeInt,
  object,
  positiveInt,
  sizePair,
} from '../../files/config.js'
import { labelsOf } from '../labels.js'
import { gridOf } from './grid.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames, type VitNames } from './names.js'
import type { VitSpec } from './spec.js'

/** torchvision.models.vision_transformer.VisionTransformer. The arguments of the class are under `args`. */
export const torchvision: VitLayout = {
  library: 'torchvision',
  published: ['vit', 'VisionTransformer', 'vit_b_16', 'vit_b_32', 'vit_l_16', 'vit_l_32', 'vit_h_14'],
  claims: (name) => /^(vit|VisionTransformer|vit_[blh]_\d+)$/.test(name),

  // torch.nn.MultiheadAttention has no dot before weight and bias. Older checkpoints have other names for the MLP.
  checkpoint: () => ({
    rename: (name) =>
      name
        .replace(/\.in_proj_(weight|bias)$/, '.in_proj.$1')
        .replace(/\.mlp\.linear_([12])\./, (_, layer: string) => `.mlp.${layer === '1' ? 0 : 3}.`),
  }),

  describe({ config, kind }) {
    const named = builders[kind.name]
    const args = isSet(config, 'args') || !named ? object(config, 'args') : { ...config, values: {} }
    const spec = specOf({ ...args, values: { ...named, ...args.values } })
    const className = named ? kind.name : 'VisionTransformer'
    const labels = labelsOf(config, spec.head.classes)
    return describeVit(config.file, { spec, names, className, labels })
  },
}

/** The arguments that the library's builder functions pass to the class. */
const base = { num_layers: 12, num_heads: 12, hidden_dim: 768, mlp_dim: 3072 }
const large = { num_layers: 24, num_heads: 16, hidden_dim: 1024, mlp_dim: 4096 }
const builders: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  vit_b_16: { ...base, patch_size: 16 },
  vit_b_32: { ...base, patch_size: 32 },
  vit_l_16: { ...large, patch_size: 16 },
  vit_l_32: { ...large, patch_size: 32 },
  vit_h_14: { num_layers: 32, num_heads: 16, hidden_dim: 1280, mlp_dim: 5120, patch_size: 14 },
}

const names: VitNames = {
  ...commonNames,
  classToken: 'class_token',
  patches: 'conv_proj',
  positions: 'encoder.pos_embedding',
  block(index) {
    const layer = `encoder.layers.encoder_layer_${index}`
    return {
      ...commonNames.block(index),
      attentionNorm: `${layer}.ln_1`,
      queryKeyValue: `${layer}.self_attention.in_proj`,
      projection: `${layer}.self_attention.out_proj`,
      mlpNorm: `${layer}.ln_2`,
      mlpFirst: `${layer}.mlp.0`,
      mlpSecond: `${layer}.mlp.3`,
    }
  },
  norm: 'encoder.ln',
  pooler: 'heads.pre_logits',
  classifier: 'heads.head',
}

function specOf(args: Config): VitSpec {
  const image = sizePair(args, 'image_size', [224, 224])
  const patch = sizePair(args, 'patch_size')
  const representation = nonNegativeInt(args, 'representation_size', 0)
  return {
    channels: 3,
    ...{ image, patch, accepts: 'squares-on-request', patchBias: true },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: { covers: 'all', grid: gridOf(image, patch), resize: 'torchvision' },
    embeddingNorm: false,
    width: positiveInt(args, 'hidden_dim'),
    depth: positiveInt(args, 'num_layers'),
    heads: positiveInt(args, 'num_heads'),
    mlp: { kind: 'plain', hidden: positiveInt(args, 'mlp_dim'), activation: 'gelu', norm: false },
    ...{ queryKeyValueBias: true, projectionBias: true, queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon: epsilon(args, 'layer_norm_eps', 1e-6) },
    ...{ normPlacement: 'pre', layerScale: false, finalNorm: true, maskToken: false, decoder: undefined },
    head: {
      ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false },
      pooler: representation > 0 ? { width: representation, activation: 'tanh' } : undefined,
      classes: positiveInt(args, 'num_classes', 1000),
    },
  }
}
