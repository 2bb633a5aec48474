import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  number,
  object,
  optional,
  positiveInt,
} from '../../files/config.js'
import { stateDictUnder } from '../../weights/torch/state-dict.js'
import type { Layout } from '../family.js'
import { type ClipDescription, describeClip } from './build.js'
import { openClipImage } from './open-clip-image.js'
import { checkKeys } from './open-clip-keys.js'
import { openClipText } from './open-clip-text.js'

/** Names at the top of a checkpoint that belong to the text encoder, if it is not in a module of its own. */
const textName = /^(text_projection|positional_embedding|token_embedding|transformer|ln_final)(?=\.|$)/

/** CLIP and CustomTextCLIP of open_clip, and the same weights of OpenAI. */
export const openClip: Layout<ClipDescription> = {
  library: 'open_clip',
  published: ['CLIP'],
  claims: (name) => name === 'CLIP',

  checkpoint: () => ({
    select: stateDictUnder([{ key: 'state_dict' }]),
    // torch.nn.MultiheadAttention has no dot before weight and bias; projections are parameters without a module.
    rename: (name) =>
      name
        .replace(textName, 'text.$1')
        .replace(/\.in_proj_(weight|bias)$/, '.in_proj.$1')
        .replace(/^(visual\.proj|text\.text_projection)$/, '$1.weight'),
  }),

  describe({ config }, reader) {
    const model = object(config, 'model_cfg')
    checkKeys(model, {
      used: ['embed_dim', 'vision_cfg', 'text_cfg', 'quick_gelu', 'custom_text', 'init_logit_bias'],
      unused: ['init_logit_scale', 'nonscalar_logit_scale', 'cast_dtype', 'output_dict'],
    })
    const width = positiveInt(model, 'embed_dim')
    const quick = boolean(model, 'quick_gelu', false)
    const custom = boolean(model, 'custom_text', false)
    const biased = optional(number, model, 'init_logit_bias') !== undefined
    for (const name of ['input_resolution', 'context_length', 'vocab_size'])
      reader.ignore(name, 'a number of the config, which the checkpoints of OpenAI store')
    reader.ignore(/^(text\.)?attn_mask$/, 'the causal mask, which older versions stored')
    return describeClip(config.file, {
      className: custom ? 'CustomTextCLIP' : 'CLIP',
      parts: {
        text: openClipText(part(model, 'text_cfg'), width, quick, custom),
        ...openClipImage(part(model, 'vision_cfg'), width, quick, reader),
        similarity: {
          scale: 'logit_scale',
          // Where it is not stored, open_clip sets it to 0.
          bias: biased && reader.has('logit_bias') ? 'logit_bias' : undefined,
          scores: biased ? 'sigmoid' : 'softmax',
        },
      },
    })
  },
}

function part(model: Config, key: string): Config {
  if (!isSet(model, key)) throw configInvalid(model, key, 'an object')
  return object(model, key)
}
