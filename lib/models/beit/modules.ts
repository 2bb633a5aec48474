import { Linear } from '../../nn/linear.js'
import type { WeightReader } from '../../weights/reader.js'
import { commonNames } from '../vit/names.js'
import { readEmbedding } from '../vit/read.js'
import { readLayers, readNorm } from '../vit/read-layer.js'
import type { BeitConfig } from './config.js'
import type { BeitHeads } from './heads.js'
import type { BeitNames } from './names.js'
import { BeitBias } from './relative-bias.js'
import { PyramidHead } from './segmentation.js'

export type BeitModules = ReturnType<typeof readModules>
export type BeitBodyModules = ReturnType<typeof readBody>

/** Reads the weights that the spec needs, under the names of a layout. `backbone` reads those of the model without heads. */
export function readModules(
  reader: WeightReader,
  backbone: WeightReader,
  names: BeitNames,
  config: BeitConfig,
  heads: BeitHeads,
) {
  const { layers, meanPooling } = config
  const { width } = layers
  const norm = (scope: WeightReader, name: string) => readNorm(scope, name, width, layers)
  const { tokens, classes, segments } = heads
  return {
    body: readBody(backbone, names, config),
    norm: meanPooling ? undefined : norm(backbone, names.norm),
    poolerNorm: meanPooling && heads.pools ? norm(backbone, names.poolerNorm) : undefined,
    classifier: classes > 0 ? Linear.read(reader, names.classifier, width, classes) : undefined,
    tokens:
      tokens > 0
        ? { norm: norm(reader, 'layernorm'), linear: Linear.read(reader, 'lm_head', width, tokens) }
        : undefined,
    segmentation: segments && new PyramidHead(reader, width, segments),
  }
}

/** Reads the weights of the embedding and the layers. */
export function readBody(backbone: WeightReader, names: BeitNames, config: BeitConfig) {
  const { layers: spec, embedding, bias } = config
  const layers = readLayers(backbone, spec, names)
  const readBias = (name: string) => new BeitBias(backbone.scope(name), config, spec.heads)
  return {
    embedding: readEmbedding(backbone, embedding, { ...commonNames, ...names }),
    sharedBias: bias.shared ? readBias(names.sharedBias) : undefined,
    layers,
    biases: layers.map((_, index) => (bias.own ? readBias(names.bias(index)) : undefined)),
  }
}
