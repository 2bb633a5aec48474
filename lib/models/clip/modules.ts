import { SelfAttention, type SelfAttentionCall } from '../../nn/attention.js'
import { Embedding } from '../../nn/embedding.js'
import { Layer } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { runStack, type StackResult } from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { EncoderConfig } from '../encoder-config.js'
import { commonNames } from '../vit/names.js'
import { readEmbedding } from '../vit/read.js'
import type { ClipConfig } from './config.js'

/** An encoder of texts or images: pre-norm layers, a final norm, and the projection of pooled vectors. */
class ClipEncoder {
  readonly #layers: readonly Layer[]
  readonly norm: LayerNorm
  readonly projection: Linear

  constructor(reader: WeightReader, config: EncoderConfig, norm: string, projection: Linear) {
    const list = reader.scope('encoder.layers')
    this.#layers = Array.from({ length: config.layers }, (_, index) => readLayer(list.scope(index), config))
    this.norm = LayerNorm.read(reader, norm, config.width, config.epsilon)
    this.projection = projection
  }

  /** x float32 [B, N, width]. */
  forward(x: ops.FloatTensor, self: SelfAttentionCall): StackResult {
    return runStack(this.#layers, x, { self })
  }
}

function readLayer(layer: WeightReader, config: EncoderConfig): Layer {
  const names = { queryKeyValue: ['q_proj', 'k_proj', 'v_proj'], output: 'out_proj' }
  const norm = (name: string) => ({
    norm: LayerNorm.read(layer, name, config.width, config.epsilon),
    placement: 'pre' as const,
  })
  return new Layer([
    { attention: SelfAttention.read(layer.scope('self_attn'), names, config), ...norm('layer_norm1') },
    { mlp: Mlp.read(layer.scope('mlp'), ['fc1', 'fc2'], config), ...norm('layer_norm2') },
  ])
}

export type ClipModules = ReturnType<typeof readModules>

/** Reads the weights of transformers' CLIPModel. */
export function readModules(reader: WeightReader, { text, image, projection }: ClipConfig) {
  const [texts, images] = [reader.scope('text_model'), reader.scope('vision_model')]
  for (const tower of [texts, images])
    tower.ignore('embeddings.position_ids', 'the numbers 0, 1, 2, ..., which older versions stored')
  const project = (name: string, { width }: EncoderConfig) =>
    Linear.read(reader, name, width, projection, { bias: false })
  return {
    words: Embedding.read(texts, 'embeddings.token_embedding', text.vocabulary, text.width),
    positions: Embedding.read(texts, 'embeddings.position_embedding', text.positions, text.width),
    text: new ClipEncoder(texts, text, 'final_layer_norm', project('text_projection', text)),
    patches: readEmbedding(images, image, {
      ...commonNames,
      classToken: 'embeddings.class_embedding',
      patches: 'embeddings.patch_embedding',
      positions: 'embeddings.position_embedding.weight',
      embeddingNorm: 'pre_layrnorm',
    }),
    image: new ClipEncoder(images, image, 'post_layernorm', project('visual_projection', image)),
    /** Logarithm of the factor of the cosine similarities: float32 []. */
    logitScale: parameter(reader, 'logit_scale', []),
  }
}
