import { SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Layer } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import type { WeightReader } from '../../weights/reader.js'
import { commonNames } from '../vit/names.js'
import { readEmbedding } from '../vit/read.js'
import type { BeitConfig } from './config.js'
import type { BeitHeads } from './heads.js'
import { BeitBias } from './relative-bias.js'
import { PyramidHead } from './segmentation.js'

export type BeitModules = ReturnType<typeof readModules>
export type BeitBodyModules = ReturnType<typeof readBody>

/** Reads the weights of a class of transformers. `backbone` reads those of BeitModel. */
export function readModules(
  reader: WeightReader,
  backbone: WeightReader,
  config: BeitConfig,
  heads: BeitHeads,
) {
  const { encoder, meanPooling } = config
  const { width, epsilon } = encoder
  const norm = (scope: WeightReader, name: string) => LayerNorm.read(scope, name, width, epsilon)
  const { tokens, classes, segments } = heads
  return {
    body: readBody(backbone, config),
    norm: meanPooling ? undefined : norm(backbone, 'layernorm'),
    poolerNorm: meanPooling && heads.pools ? norm(backbone, 'pooler.layernorm') : undefined,
    classifier: classes > 0 ? Linear.read(reader, 'classifier', width, classes) : undefined,
    tokens:
      tokens > 0
        ? { norm: norm(reader, 'layernorm'), linear: Linear.read(reader, 'lm_head', width, tokens) }
        : undefined,
    segmentation: segments && new PyramidHead(reader, width, segments),
  }
}

/** Reads the weights of the embedding and the layers. */
export function readBody(backbone: WeightReader, config: BeitConfig) {
  const { encoder, embedding, bias, grid } = config
  const list = backbone.scope('encoder')
  return {
    embedding: readEmbedding(backbone.scope('embeddings'), embedding, {
      ...commonNames,
      patches: 'patch_embeddings.projection',
      positions: 'position_embeddings',
    }),
    sharedBias: bias.shared
      ? new BeitBias(list.scope('relative_position_bias'), grid, encoder.heads)
      : undefined,
    layers: Array.from({ length: encoder.layers }, (_, index) =>
      readLayer(list.scope('layer').scope(index), config),
    ),
  }
}

function readLayer(reader: WeightReader, { encoder, layerScale, bias, grid }: BeitConfig) {
  const { width, heads, epsilon } = encoder
  const own = reader.scope('attention.attention')
  const linear = (name: string, bias: boolean) => Linear.read(own, name, width, width, { bias })
  const attention = new SelfAttention({
    heads,
    queryKeyValue: FusedLinear.of([linear('query', true), linear('key', false), linear('value', true)]),
    output: Linear.read(reader, 'attention.output.dense', width, width),
  })
  const connection = (norm: string, scale: string) => ({
    norm: LayerNorm.read(reader, norm, width, epsilon),
    placement: 'pre' as const,
    scale: layerScale ? parameter(reader, scale, [width]) : undefined,
  })
  const mlp = Mlp.read(reader, ['intermediate.dense', 'output.dense'], encoder)
  return {
    layer: new Layer([
      { attention, ...connection('layernorm_before', 'lambda_1') },
      { mlp, ...connection('layernorm_after', 'lambda_2') },
    ]),
    bias: bias.own ? new BeitBias(own.scope('relative_position_bias'), grid, heads) : undefined,
  }
}
