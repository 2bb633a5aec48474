import { boolean, type Config, epsilon, number, object, positiveInt, sizePair } from '../../files/config.js'
import { gridOf } from '../vit/grid.js'
import { commonBlock, commonNames } from '../vit/names.js'
import { noHead, type VitSpec } from '../vit/spec.js'
import { describeMae, type MaeLayout } from './layout.js'
import { decoderLayers } from './spec.js'

/** facebookresearch/mae: mae_*.pth. The arguments of the class are under `args`. */
export const authors: MaeLayout = {
  library: 'facebookresearch/mae',
  published: ['MaskedAutoencoderViT'],
  claims: (name) => name === 'MaskedAutoencoderViT',

  describe({ config }, reader) {
    const args = object(config, 'args')
    const encoder = encoderOf(args)
    const width = positiveInt(args, 'decoder_embed_dim', 512)
    const sizes = {
      width,
      depth: positiveInt(args, 'decoder_depth', 8),
      heads: positiveInt(args, 'decoder_num_heads', 16),
      hidden: Math.trunc(width * number(args, 'mlp_ratio', 4)),
    }
    // The published mae_pretrain_vit_*.pth have the encoder only; those for pictures have both.
    const decodes = reader.has('decoder_pos_embed')
    const normalizedPixels = boolean(args, 'norm_pix_loss', false)
    return describeMae(config.file, {
      spec: {
        encoder,
        maskRatio: number(config, 'mask_ratio', 0.75),
        decoder: decodes ? { layers: decoderLayers(encoder, sizes), normalizedPixels } : undefined,
      },
      names: {
        encoder: commonNames,
        decoder: {
          ...{ embedding: 'decoder_embed', maskToken: 'mask_token', positions: 'decoder_pos_embed' },
          block: (index) => commonBlock(`decoder_blocks.${index}`),
          ...{ norm: 'decoder_norm', prediction: 'decoder_pred' },
        },
      },
      className: 'MaskedAutoencoderViT',
    })
  },
}

/** Defaults are those of the class, except for epsilon, which the library's builder functions set. */
function encoderOf(args: Config): VitSpec {
  const image = sizePair(args, 'img_size', [224, 224])
  const patch = sizePair(args, 'patch_size', [16, 16])
  const width = positiveInt(args, 'embed_dim', 1024)
  return {
    channels: positiveInt(args, 'in_chans', 3),
    ...{ image, patch, accepts: 'on-request', patchBias: true },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: { covers: 'all', grid: gridOf(image, patch), resize: 'hf-bicubic' },
    ...{ embeddingNorm: false, width },
    depth: positiveInt(args, 'depth', 24),
    heads: positiveInt(args, 'num_heads', 16),
    mlp: {
      ...{ kind: 'plain', activation: 'gelu', norm: false },
      hidden: Math.trunc(width * number(args, 'mlp_ratio', 4)),
    },
    ...{ queryKeyValueBias: true, projectionBias: true, queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon: epsilon(args, 'layer_norm_eps', 1e-6) },
    ...{ normPlacement: 'pre', layerScale: false, finalNorm: true },
    ...noHead,
  }
}
