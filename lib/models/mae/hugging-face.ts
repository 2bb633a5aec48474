import { boolean, number, positiveInt } from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import { transformers } from '../family.js'
import { vitBlock, vitNames } from '../vit/hugging-face-names.js'
import { specOf } from '../vit/hugging-face-spec.js'
import { noHead } from '../vit/spec.js'
import { vitPublishedName } from '../vit/transformers-5-names.js'
import { describeMae, type MaeLayout } from './layout.js'
import { decoderLayers } from './spec.js'

/** save_pretrained() of transformers 5 renames the layers of the decoder too, as if they were those of the encoder. */
const decoderName = renameBy([[/(^|\.)decoder\.decoder_encoder\.layer\./, '$1decoder.decoder_layers.']])

/** ViTMAEModel and ViTMAEForPreTraining of transformers. */
export const huggingFace: MaeLayout = {
  ...transformers({ vit_mae: 'ViTMAE' }),
  checkpoint: () => ({ rename: (name) => decoderName(vitPublishedName(name)) }),

  describe({ config }, reader) {
    const prefix = reader.has('vit.embeddings.cls_token') ? 'vit.' : ''
    const encoder = { ...specOf(config, { className: 'ViTMAE', prefix: 'vit', kinds: [] }), ...noHead }
    const sizes = {
      width: positiveInt(config, 'decoder_hidden_size', 512),
      depth: positiveInt(config, 'decoder_num_hidden_layers', 8),
      heads: positiveInt(config, 'decoder_num_attention_heads', 16),
      hidden: positiveInt(config, 'decoder_intermediate_size', 2048),
    }
    const decodes = reader.has('decoder.mask_token')
    return describeMae(config.file, {
      spec: {
        encoder,
        maskRatio: number(config, 'mask_ratio', 0.75),
        decoder: decodes
          ? {
              layers: decoderLayers(encoder, sizes),
              normalizedPixels: boolean(config, 'norm_pix_loss', false),
            }
          : undefined,
      },
      names: {
        encoder: vitNames(prefix),
        decoder: {
          embedding: 'decoder.decoder_embed',
          maskToken: 'decoder.mask_token',
          positions: 'decoder.decoder_pos_embed',
          block: (index) => vitBlock(`decoder.decoder_layers.${index}`),
          norm: 'decoder.decoder_norm',
          prediction: 'decoder.decoder_pred',
        },
      },
      className: decodes ? 'ViTMAEForPreTraining' : 'ViTMAEModel',
    })
  },
}
