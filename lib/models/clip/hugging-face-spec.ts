import { type Config, isSet, object, string } from '../../files/config.js'
import { type EncoderDefaults, readEncoderConfig } from '../encoder-config.js'
import type { LayerSpec } from '../vit/spec.js'

/** The layers of an encoder, by the keys of transformers' CLIP and SigLIP. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function layerSpecOf(config: Config, defaults: EncoderDefaults): LayerSpec {
  const { width, layers, heads, feedForward, epsilon } = readEncoderConfig(config, defaults)
  return {
    ...{ width, heads, depth: layers },
    mlp: {
      ...{ kind: 'plain', hidden: feedForward, norm: false },
      activation: string(config, 'hidden_act', defaults.activation),
    },
    ...{ queryKeyValueBias: true, projectionBias: true, queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon },
    ...{ normPlacement: 'pre', layerScale: false },
  }
}

/**
 * The config of an encoder: the whole one, if it is that of the encoder alone. Older configs also have a
 * `text_config_dict`, which replaces `text_config`.
 */
export function encoderConfig(config: Config, name: 'text' | 'vision', alone: boolean): Config {
  const key = [`${name}_config_dict`, `${name}_config`].find((key) => isSet(config, key))
  if (key) return object(config, key)
  return alone ? config : { ...config, values: {} }
}
