import { boolean, type Config, number, string } from '../../files/config.js'
import type { Grid } from '../../nn/grid-bias.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { checkEmbeddingSpec } from '../vit/check-spec.js'
import { gridOf } from '../vit/grid.js'
import { embeddingSpecOf } from '../vit/hugging-face-spec.js'
import type { EmbeddingSpec, LayerSpec } from '../vit/spec.js'

/** The parts of transformers' BeitConfig that change the computation. */
export interface BeitConfig {
  readonly embedding: EmbeddingSpec
  readonly layers: LayerSpec
  /** The grid of the patches of the images that the relative biases were trained on. */
  readonly grid: Grid
  /** Which tables of relative biases there are; with both, each layer adds its own to the shared one. */
  readonly bias: { readonly shared: boolean; readonly own: boolean }
  /** An image as one vector: the normed mean of its patches; else the normed class token. */
  readonly meanPooling: boolean
  /** Only images of one size are taken, whose biases need not be resized. */
  readonly exact: boolean
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
  const encoder = readEncoderConfig(config, { ...defaults, activation: 'gelu' })
  return {
    embedding,
    layers: beitLayers({
      ...encoder,
      activation: string(config, 'hidden_act', 'gelu'),
      queryValueBias: true,
      layerScale: number(config, 'layer_scale_init_value', 0.1) > 0,
    }),
    grid: gridOf(base.image, base.patch),
    bias: {
      shared: boolean(config, 'use_shared_relative_position_bias', false),
      own: boolean(config, 'use_relative_position_bias', false),
    },
    meanPooling: boolean(config, 'use_mean_pooling', true),
    exact: false,
  }
}

/** What differs between the layers of published models. */
type LayerSizes = Omit<EncoderConfig, 'activation'> & {
  readonly activation: string
  readonly queryValueBias: boolean
  readonly layerScale: boolean
}

/** Pre-norm layers, whose keys have no bias. */
export function beitLayers(sizes: LayerSizes): LayerSpec {
  const { width, heads, layers, feedForward, activation, epsilon, queryValueBias, layerScale } = sizes
  return {
    ...{ width, heads, depth: layers, layerScale, normPlacement: 'pre' },
    mlp: { kind: 'plain', hidden: feedForward, activation, norm: false },
    queryKeyValueBias: queryValueBias && { query: true, key: false, value: true },
    ...{ projectionBias: true, queryKeyNorm: false, attentionNorm: false },
    norm: { kind: 'layer', epsilon },
  }
}
