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
import type { WeightReader } from '../../weights/reader.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonBlock, commonNames, type VitNames } from './names.js'
import type { VitSpec } from './spec.js'

/** DINOv3ViTModel of transformers. */
export const dinov3: VitLayout = {
  library: 'transformers',
  published: ['dinov3_vit'],
  claims: (name) => name === 'dinov3_vit',
  // A state dict that was saved by hand in transformers 5 has the names of its modules.
  checkpoint: () => ({ rename: renameBy([[/^model\.layer\./, 'layer.']]) }),

  describe({ config }, reader) {
    const spec = specOf(config, reader)
    if (spec.prefix.registers === 0) reader.ignore(names.registers, 'the model has no registers')
    return describeVit(config.file, { spec, names, className: 'DINOv3ViTModel' })
  },
}

/** Defaults are those of the library's config class. */
function specOf(config: Config, reader: WeightReader): VitSpec {
  const gated = boolean(config, 'use_gated_mlp', false)
  return {
    channels: positiveInt(config, 'num_channels', 3),
    image: sizePair(config, 'image_size', [224, 224]),
    patch: sizePair(config, 'patch_size', [16, 16]),
    ...{ accepts: 'any', patchBias: true },
    prefix: {
      ...{ class: true, distillation: false },
      registers: nonNegativeInt(config, 'num_register_tokens', 0),
    },
    ...{ positions: undefined, embeddingNorm: false },
    maskToken: reader.has(names.maskToken),
    width: positiveInt(config, 'hidden_size', 384),
    depth: positiveInt(config, 'num_hidden_layers', 12),
    heads: positiveInt(config, 'num_attention_heads', 6),
    mlp: {
      kind: gated ? 'gated' : 'plain',
      hidden: positiveInt(config, 'intermediate_size', 1536),
      activation: string(config, 'hidden_act', 'gelu'),
      norm: false,
    },
    queryKeyValueBias: [
      boolean(config, 'query_bias', true),
      boolean(config, 'key_bias', false),
      boolean(config, 'value_bias', true),
    ],
    projectionBias: boolean(config, 'proj_bias', true),
    mlpBias: boolean(config, 'mlp_bias', true),
    ...{ queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon: epsilon(config, 'layer_norm_eps', 1e-5) },
    ...{ normPlacement: 'pre', layerScale: true, finalNorm: true, decoder: undefined },
    rotary: { kind: 'centres', base: positiveNumber(config, 'rope_theta', 100), layout: 'halves' },
    head: {
      ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false, pooler: undefined, classes: 0 },
    },
  }
}

const names: VitNames = {
  ...commonNames,
  classToken: 'embeddings.cls_token',
  registers: 'embeddings.register_tokens',
  maskToken: 'embeddings.mask_token',
  patches: 'embeddings.patch_embeddings',
  block(index) {
    const layer = `layer.${index}`
    const projection = (name: string) => `${layer}.attention.${name}_proj`
    return {
      ...commonBlock(layer),
      queryKeyValue: [projection('q'), projection('k'), projection('v')],
      projection: projection('o'),
      attentionScale: `${layer}.layer_scale1.lambda1`,
      mlpFirst: `${layer}.mlp.up_proj`,
      mlpGate: [`${layer}.mlp.gate_proj`, `${layer}.mlp.up_proj`],
      mlpSecond: `${layer}.mlp.down_proj`,
      mlpScale: `${layer}.layer_scale2.lambda1`,
    }
  },
}
