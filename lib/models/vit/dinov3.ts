import {
  boolean,
  type Config,
  epsilon,
  nonNegativeInt,
  positiveInt,
  positiveNumber,
  sizePair,
  string,
} from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import { transformers } from '../family.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames, type VitNames } from './names.js'
import type { VitSpec } from './spec.js'

/**
 * DINOv3 of transformers (Siméoni et al. 2025): DINOv3ViTModel, and the weights of DINOv3ViTBackbone. Shift, jitter and
 * rescaling of coordinates (pos_embed_*) are of the training.
 */
export const dinov3: VitLayout = {
  ...transformers({ dinov3_vit: 'DINOv3ViT' }),

  // In memory, and in state dicts that were saved by hand, the layers are under `model`.
  checkpoint: () => ({ rename: renameBy([[/^model\.layer\./, 'layer.']]) }),

  describe({ config }, reader) {
    const spec = { ...specOf(config), maskToken: reader.has(names.maskToken) }
    if (spec.prefix.registers === 0) reader.ignore(names.registers, 'num_register_tokens is 0')
    return describeVit(config.file, { spec, names, className: 'DINOv3ViTModel' })
  },
}

const names: VitNames = {
  ...commonNames,
  classToken: 'embeddings.cls_token',
  registers: 'embeddings.register_tokens',
  patches: 'embeddings.patch_embeddings',
  maskToken: 'embeddings.mask_token',
  block(index) {
    const layer = `layer.${index}`
    const own = (name: string) => `${layer}.attention.${name}_proj`
    return {
      ...commonNames.block(index),
      attentionNorm: `${layer}.norm1`,
      queryKeyValue: [own('q'), own('k'), own('v')],
      projection: own('o'),
      attentionScale: `${layer}.layer_scale1.lambda1`,
      mlpNorm: `${layer}.norm2`,
      mlpFirst: `${layer}.mlp.up_proj`,
      mlpGate: [`${layer}.mlp.gate_proj`, `${layer}.mlp.up_proj`],
      mlpSecond: `${layer}.mlp.down_proj`,
      mlpScale: `${layer}.layer_scale2.lambda1`,
    }
  },
}

/** Defaults are those of the library's config class. */
function specOf(config: Config): VitSpec {
  return {
    channels: positiveInt(config, 'num_channels', 3),
    image: sizePair(config, 'image_size', [224, 224]),
    patch: sizePair(config, 'patch_size', [16, 16]),
    ...{ accepts: 'any', patchBias: true, positions: undefined, embeddingNorm: false, maskToken: false },
    prefix: {
      ...{ class: true, distillation: false },
      registers: nonNegativeInt(config, 'num_register_tokens', 0),
    },
    rotary: { kind: 'centres', base: positiveNumber(config, 'rope_theta', 100) },
    width: positiveInt(config, 'hidden_size', 384),
    depth: positiveInt(config, 'num_hidden_layers', 12),
    heads: positiveInt(config, 'num_attention_heads', 6),
    mlp: {
      kind: boolean(config, 'use_gated_mlp', false) ? 'gated' : 'plain',
      hidden: positiveInt(config, 'intermediate_size', 1536),
      activation: string(config, 'hidden_act', 'gelu'),
      norm: false,
      bias: boolean(config, 'mlp_bias', true),
    },
    queryKeyValueBias: {
      query: boolean(config, 'query_bias', true),
      key: boolean(config, 'key_bias', false),
      value: boolean(config, 'value_bias', true),
    },
    projectionBias: boolean(config, 'proj_bias', true),
    ...{ queryKeyNorm: false, attentionNorm: false, normPlacement: 'pre', layerScale: true, finalNorm: true },
    norm: { kind: 'layer', epsilon: epsilon(config, 'layer_norm_eps', 1e-5) },
    head: {
      ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false },
      ...{ pooler: undefined, classes: 0 },
    },
    decoder: undefined,
  }
}
