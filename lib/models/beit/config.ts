import { boolean, type Config, number } from '../../files/config.js'
import type { Grid } from '../../nn/grid-bias.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { checkEmbeddingSpec } from '../vit/check-spec.js'
import { gridOf } from '../vit/grid.js'
import { embeddingSpecOf } from '../vit/hugging-face-spec.js'
import type { EmbeddingSpec } from '../vit/spec.js'

/** The parts of transformers' BeitConfig that change the computation. */
export interface BeitConfig {
  readonly embedding: EmbeddingSpec
  readonly encoder: EncoderConfig
  /** The grid of the patches of the images that the relative biases were trained on. */
  readonly grid: Grid
  /** Which tables of relative biases there are; with both, each layer adds its own to the shared one. */
  readonly bias: { readonly shared: boolean; readonly own: boolean }
  /** Whether each branch of a layer has a learned factor for each channel. */
  readonly layerScale: boolean
  /** An image as one vector: the normed mean of its patches; else the normed class token. */
  readonly meanPooling: boolean
}

/**
 * Reads config.json, with the library's defaults.
 * @param maskToken whether the file has one
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readBeitConfig(config: Config, maskToken: boolean): BeitConfig {
  const defaults = { width: 768, layers: 12, heads: 12, feedForward: 3072, epsilon: 1e-12 }
  const base = embeddingSpecOf(config, { patch: [16, 16], epsilon: defaults.epsilon })
  const absolute = boolean(config, 'use_absolute_position_embeddings', false)
  const embedding: EmbeddingSpec = {
    ...{ ...base, accepts: 'any', maskToken },
    positions: absolute ? base.positions : undefined,
  }
  checkEmbeddingSpec(embedding, config.file)
  return {
    embedding,
    encoder: readEncoderConfig(config, { ...defaults, activation: 'gelu' }),
    grid: gridOf(base.image, base.patch),
    bias: {
      shared: boolean(config, 'use_shared_relative_position_bias', false),
      own: boolean(config, 'use_relative_position_bias', false),
    },
    layerScale: number(config, 'layer_scale_init_value', 0.1) > 0,
    meanPooling: boolean(config, 'use_mean_pooling', true),
  }
}
