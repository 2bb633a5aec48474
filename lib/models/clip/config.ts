import { type Config, isSet, nonNegativeInt, object, positiveInt } from '../../files/config.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { checkSizes } from '../sizes.js'
import { embeddingSpecOf } from '../vit/hugging-face-spec.js'
import { checkEmbeddingSpec, type EmbeddingSpec } from '../vit/spec.js'

/** The parts of transformers' CLIPConfig that change the computation. */
export interface ClipConfig {
  readonly text: EncoderConfig & {
    readonly vocabulary: number
    readonly positions: number
    /** A text is pooled at its first end token; undefined: at the token with the largest id. */
    readonly endToken: number | undefined
  }
  readonly image: EncoderConfig & EmbeddingSpec
  /** Width of the shared space. */
  readonly projection: number
}

const defaults = { layers: 12, activation: 'quick_gelu', epsilon: 1e-5 }

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID */
export function readClipConfig(config: Config): ClipConfig {
  const [text, vision] = [part(config, 'text'), part(config, 'vision')]
  const endToken = nonNegativeInt(text, 'eos_token_id', 49407)
  const image = embeddingSpecOf(vision, { patch: [32, 32], epsilon: defaults.epsilon })
  checkEmbeddingSpec(image, config.file)
  const vocabulary = positiveInt(text, 'vocab_size', 49408)
  const positions = positiveInt(text, 'max_position_embeddings', 77)
  const projection = positiveInt(config, 'projection_dim', 512)
  checkSizes(config.file, { vocabulary, positions, width: projection })
  return {
    text: {
      ...readEncoderConfig(text, { ...defaults, width: 512, heads: 8, feedForward: 2048 }),
      ...{ vocabulary, positions },
      // Configs written before transformers 4.31 say 2, whatever the end token is.
      endToken: endToken === 2 ? undefined : endToken,
    },
    image: {
      ...readEncoderConfig(vision, { ...defaults, width: 768, heads: 12, feedForward: 3072 }),
      ...{ ...image, patchBias: false, embeddingNorm: true },
    },
    projection,
  }
}

/** The config of an encoder. Older configs also have a `text_config_dict`, which replaces `text_config`. */
function part(config: Config, name: 'text' | 'vision'): Config {
  const key = [`${name}_config_dict`, `${name}_config`].find((key) => isSet(config, key))
  return key ? object(config, key) : { ...config, values: {} }
}
