import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  nonNegativeInt,
  object,
  oneOf,
  optional,
  positiveInt,
} from '../../files/config.js'
import type { TextForm } from '../text-form.js'
import { checkKeys, layerKeys, openClipBlock, openClipLayers } from './open-clip-keys.js'
import type { TextPooling, TextSpec } from './spec.js'

/**
 * The text encoder of an open_clip_config.json: text_cfg.
 * @param projection width of the shared space
 * @param custom whether the model is a CustomTextCLIP
 * @throws CONFIG_INVALID
 */
export function openClipText(config: Config, projection: number, quick: boolean, custom: boolean): TextSpec {
  if (isSet(config, 'hf_model_name'))
    throw configInvalid(config, 'hf_model_name', 'no text encoder of transformers: they are not supported')
  checkKeys(config, {
    used: [
      ...layerKeys.used,
      ...['context_length', 'vocab_size', 'heads', 'embed_cls', 'pad_id', 'eos_id', 'no_causal_mask'],
      ...['pool_type', 'proj_bias', 'proj_type'],
    ],
    unused: [
      ...layerKeys.unused,
      // open_clip does not pass final_ln_after_pool on.
      ...['final_ln_after_pool', 'hf_tokenizer_name', 'tokenizer_mode', 'tokenizer_kwargs', 'hf_model_name'],
      ...['hf_model_pretrained', 'hf_proj_type', 'hf_pooler_type'],
    ],
  })
  const width = positiveInt(config, 'width', 512)
  const classToken = boolean(config, 'embed_cls', false)
  if (classToken && !custom)
    throw configInvalid(config, 'embed_cls', 'false without custom_text, whose class has no such token')
  const projects = oneOf(config, 'proj_type', ['linear', 'none'], 'linear') === 'linear'
  if (!projects && width !== projection)
    throw configInvalid(config, 'width', `${projection}, the embed_dim, without a projection`)
  const bias = boolean(config, 'proj_bias', false)
  const positions = positiveInt(config, 'context_length', 77)
  return {
    ...openClipLayers(config, width, positiveInt(config, 'heads', 8), quick),
    names: {
      words: 'text.token_embedding',
      positions: 'text.positional_embedding',
      classToken: 'text.cls_emb',
      block: (index) => openClipBlock('text.', index),
      norm: 'text.ln_final',
    },
    vocabulary: positiveInt(config, 'vocab_size', 49408),
    positions,
    form: formOf(config, positions),
    causal: !boolean(config, 'no_causal_mask', false),
    pooling: poolingOf(config),
    classToken: classToken ? { padding: nonNegativeInt(config, 'pad_id', 0) } : undefined,
    pooler: undefined,
    projection: projects
      ? { name: 'text.text_projection', width: projection, bias, transposed: !bias }
      : undefined,
  }
}

/** What open_clip's tokenizers do: its own pads with 0, one of transformers as its files say. Neither masks padding. */
function formOf(config: Config, length: number): TextForm {
  const own = !isSet(config, 'hf_tokenizer_name')
  optional((from, key) => oneOf(from, key, ['']), config, 'tokenizer_mode')
  const options = isSet(config, 'tokenizer_kwargs')
    ? object(config, 'tokenizer_kwargs')
    : { ...config, values: {} }
  // reduction_mask is for texts that are too long; they are cut here.
  checkKeys(options, { used: ['clean', 'strip_sep_token'], unused: ['reduction_mask', 'language'] })
  return {
    ...{ length, padding: 'full', mask: false },
    paddingToken: own ? 0 : undefined,
    clean: oneOf(options, 'clean', ['whitespace', 'lower', 'canonicalize'], own ? 'lower' : 'whitespace'),
    dropSeparator: boolean(options, 'strip_sep_token', false),
  }
}

function poolingOf(config: Config): TextPooling {
  const pooling = oneOf(config, 'pool_type', ['first', 'last', 'argmax', 'eos'], 'argmax')
  if (pooling === 'eos') return { token: nonNegativeInt(config, 'eos_id', 2) }
  return pooling === 'argmax' ? 'largest' : pooling
}
