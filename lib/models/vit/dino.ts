import {
  boolean,
  type Config,
  epsilon,
  nonNegativeInt,
  number,
  object,
  oneOf,
  positiveInt,
  sizePair,
} from '../../files/config.js'
import { stateDictUnder } from '../../weights/torch/state-dict.js'
import { gridOf } from './grid.js'
import { describeVit, type VitLayout } from './layout.js'
import { commonNames } from './names.js'
import type { VitSpec } from './spec.js'

/**
 * facebookresearch/dino: the backbones of dino_*_pretrain.pth, and whole training checkpoints, from which the teacher is
 * read unless the config has `"checkpoint_key": "student"`. The arguments of the class are under `args`.
 */
export const dino: VitLayout = {
  library: 'facebookresearch/dino',
  published: ['VisionTransformer'],
  claims: (name) => name === 'VisionTransformer',

  checkpoint: ({ config }) => ({
    select: stateDictUnder([
      { key: oneOf(config, 'checkpoint_key', ['teacher', 'student'], 'teacher'), only: 'backbone.' },
      { key: 'state_dict' },
    ]),
  }),

  describe({ config }) {
    return describeVit(config.file, {
      spec: specOf(object(config, 'args')),
      names: commonNames,
      className: 'VisionTransformer',
    })
  },
}

/** Defaults are those of the class, except for epsilon and bias, which the library's builder functions set. */
function specOf(args: Config): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const width = positiveInt(args, 'embed_dim', 768)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, accepts: 'any', patchBias: true },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: { covers: 'all', grid: gridOf(image, patch), resize: 'dino-offset' },
    ...{ embeddingNorm: false, width },
    depth: positiveInt(args, 'depth', 12),
    heads: positiveInt(args, 'num_heads', 12),
    mlp: {
      ...{ kind: 'plain', activation: 'gelu', norm: false },
      hidden: Math.trunc(width * number(args, 'mlp_ratio', 4)),
    },
    queryKeyValueBias: boolean(args, 'qkv_bias', true),
    ...{ projectionBias: true, queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon: epsilon(args, 'layer_norm_eps', 1e-6) },
    ...{ normPlacement: 'pre', layerScale: false, finalNorm: true, maskToken: false, decoder: undefined },
    head: {
      ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false, pooler: undefined },
      classes: nonNegativeInt(args, 'num_classes', 0),
    },
  }
}
