import { activation } from '../../nn/activation.js'
import { CrossAttention, SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Layer } from '../../nn/layer.js'
import { Linear, parameter, squeezedParameter } from '../../nn/linear.js'
import { GatedMlp, Mlp } from '../../nn/mlp.js'
import { LayerNorm, type Norm, RmsNorm } from '../../nn/norm.js'
import { PatchEmbedding } from '../../nn/patch.js'
import { resizePositions } from '../../nn/position.js'
import type { GridRotary } from '../../nn/rotary-grid.js'
import type { FloatTensor } from '../../ops/index.js'
import * as ops from '../../ops/index.js'
import { constantFull } from '../../tensor/constant.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageDecoder } from './decoder.js'
import { VitEmbedding } from './embedding.js'
import { type AttentionPool, VitHead } from './head.js'
import { HybridEmbedding, readBackbone } from './hybrid.js'
import type { AttentionPoolNames, BlockNames, VitNames } from './names.js'
import { readRotary } from './rotary.js'
import {
  type DecoderSpec,
  type EmbeddingSpec,
  gridOf,
  type LayerSpec,
  type PositionTable,
  positionedPrefix,
  type VitSpec,
} from './spec.js'

/** The modules of a vision Transformer, in the order of the forward pass. */
export interface VitModules {
  readonly embedding: VitEmbedding
  readonly layers: readonly Layer[]
  readonly rotary: GridRotary | undefined
  readonly norm: Norm | undefined
  readonly head: VitHead
  readonly decoder: ImageDecoder | undefined
}

/** Reads the weights that the spec needs, under the names of a layout. */
export function readVit(reader: WeightReader, spec: VitSpec, names: VitNames): VitModules {
  return { embedding: readEmbedding(reader, spec, names), ...readBody(reader, spec, names) }
}

/** The same without the embedding. */
export function readBody(
  reader: WeightReader,
  spec: VitSpec,
  names: VitNames,
): Omit<VitModules, 'embedding'> {
  return {
    layers: readLayers(reader, spec, names),
    rotary: spec.rotary && readRotary(reader, spec, spec.rotary, names.frequencies),
    norm: spec.finalNorm ? readNorm(reader, names.norm, spec.width, spec) : undefined,
    head: readHead(reader, spec, names),
    decoder: spec.decoder && readDecoder(reader, spec, spec.decoder, names.decoder),
  }
}

/** Reads the weights of the layers. */
export function readLayers(
  reader: WeightReader,
  spec: LayerSpec,
  names: Pick<VitNames, 'block'>,
): readonly Layer[] {
  return Array.from({ length: spec.depth }, (_, index) => readLayer(reader, spec, names.block(index)))
}

/** The library stores the decoder's linear layer as a 1x1 convolution. */
function readDecoder(reader: WeightReader, spec: VitSpec, decoder: DecoderSpec, name: string): ImageDecoder {
  const { channels, width } = spec
  const outputs = channels * decoder.stride ** 2
  const scope = reader.scope(name)
  const weight = squeezedParameter(scope, 'weight', [outputs, width])
  return new ImageDecoder(decoder, new Linear(weight, parameter(scope, 'bias', [outputs])))
}

export function readNorm(
  reader: WeightReader,
  name: string,
  width: number,
  { norm }: Pick<EmbeddingSpec, 'norm'>,
): Norm {
  return norm.kind === 'rms'
    ? RmsNorm.read(reader, name, width, norm.epsilon)
    : LayerNorm.read(reader, name, width, norm.epsilon)
}

/** Reads the weights of the embedding. */
export function readEmbedding(reader: WeightReader, spec: EmbeddingSpec, names: VitNames): VitEmbedding {
  const { width, prefix, positions } = spec
  const token = (name: string, count = 1) => squeezedParameter(reader, name, [1, count, width])
  const tokens = [
    prefix.class && token(names.classToken),
    prefix.distillation && token(names.distillationToken),
    prefix.registers > 0 && token(names.registers, prefix.registers),
  ].filter((token) => token !== false)
  return new VitEmbedding(spec, {
    patches: readPatches(reader, spec, names.patches),
    prefix: tokens.length > 0 ? ops.concat(tokens, 1) : undefined,
    positions: positions && readPositions(reader, spec, names.positions, positions),
    maskToken: spec.maskToken ? token(names.maskToken) : undefined,
    norm: spec.embeddingNorm ? readNorm(reader, names.embeddingNorm, width, spec) : undefined,
  })
}

function readPatches(
  reader: WeightReader,
  spec: EmbeddingSpec,
  name: string,
): PatchEmbedding | HybridEmbedding {
  const { channels, patch, patchBias: bias, width, backbone } = spec
  if (!backbone) return PatchEmbedding.read(reader, name, { channels, width, patch, bias })
  const network = readBackbone(reader, backbone)
  const sizes = { channels: network.width, width, patch: backbone.patch, bias }
  return new HybridEmbedding(network.backbone, PatchEmbedding.read(reader, name, sizes))
}

function readPositions(
  reader: WeightReader,
  spec: EmbeddingSpec,
  name: string,
  { storedGrid, resize }: PositionTable,
): FloatTensor {
  const { width } = spec
  const grid = gridOf(spec.image, spec.patch)
  const [rows, columns] = storedGrid ?? grid
  const prefix = positionedPrefix(spec)
  const table = squeezedParameter(reader, name, [1, prefix + rows * columns, width])
  if (!storedGrid) return table
  const [front, patches] = ops.split(table, [prefix, rows * columns], 1) as [FloatTensor, FloatTensor]
  const resized = resizePositions(ops.reshape(patches, [1, rows, columns, width]), grid, resize)
  const flat: FloatTensor = ops.reshape(resized, [1, grid[0] * grid[1], width])
  return prefix > 0 ? ops.concat([front, flat], 1) : flat
}

function readLayer(reader: WeightReader, spec: LayerSpec, names: BlockNames): Layer {
  const { width, layerScale } = spec
  const connection = (norm: string, scale: string) => ({
    norm: readNorm(reader, norm, width, spec),
    placement: spec.normPlacement,
    scale: layerScale ? parameter(reader, scale, [width]) : undefined,
  })
  return new Layer([
    {
      attention: readAttention(reader, spec, names),
      ...connection(names.attentionNorm, names.attentionScale),
    },
    { mlp: readMlp(reader, spec, names), ...connection(names.mlpNorm, names.mlpScale) },
  ])
}

function readAttention(reader: WeightReader, spec: LayerSpec, names: BlockNames): SelfAttention {
  const { width, heads, projectionBias, queryKeyNorm, attentionNorm } = spec
  const headWidth = width / heads
  return new SelfAttention({
    heads,
    queryKeyValue: readQueryKeyValue(reader, spec, names),
    queryNorm: queryKeyNorm ? readNorm(reader, names.queryNorm, headWidth, spec) : undefined,
    keyNorm: queryKeyNorm ? readNorm(reader, names.keyNorm, headWidth, spec) : undefined,
    norm: attentionNorm ? readNorm(reader, names.headsNorm, width, spec) : undefined,
    output: Linear.read(reader, names.projection, width, width, { bias: projectionBias }),
  })
}

function readQueryKeyValue(reader: WeightReader, spec: LayerSpec, names: BlockNames): FusedLinear {
  const { width, queryKeyValueBias: bias } = spec
  const widths = [width, width, width]
  if (names.queryValueBias) {
    const [query, value] = names.queryValueBias.map((name) => parameter(reader, name, [width])) as [
      FloatTensor,
      FloatTensor,
    ]
    const { layer } = FusedLinear.read(reader, names.queryKeyValue, width, widths, { bias: false })
    const biases = ops.concat([query, constantFull([width], 0, 'float32'), value])
    return new FusedLinear(new Linear(layer.weight, biases), widths)
  }
  if (typeof bias === 'boolean') return FusedLinear.read(reader, names.queryKeyValue, width, widths, { bias })
  const separate = [names.queryKeyValue].flat()
  return FusedLinear.of(
    separate.map((name, index) => Linear.read(reader, name, width, width, { bias: bias[index]! })),
  )
}

function readMlp(reader: WeightReader, spec: LayerSpec, names: BlockNames): Mlp | GatedMlp {
  const { width, mlp, mlpBias } = spec
  const { hidden } = mlp
  const bias = { bias: mlpBias }
  const first =
    mlp.kind === 'gated'
      ? FusedLinear.read(reader, names.mlpGate, width, [hidden, hidden], bias)
      : Linear.read(reader, names.mlpFirst, width, hidden, bias)
  const second = Linear.read(reader, names.mlpSecond, hidden, width, bias)
  const norm = mlp.norm ? readNorm(reader, names.mlpInnerNorm, hidden, spec) : undefined
  return first instanceof FusedLinear
    ? new GatedMlp(first, activation(mlp.activation), second, norm)
    : new Mlp(first, activation(mlp.activation), second, norm)
}

function readHead(reader: WeightReader, spec: VitSpec, names: VitNames): VitHead {
  const { width, head } = spec
  const { pooling, pooler, classes } = head
  const pooled = pooling === 'class-beside-mean' ? 2 * width : width
  const features = pooler?.width ?? pooled
  const classifier = (name: string) =>
    classes > 0 ? Linear.read(reader, name, features, classes) : undefined
  return new VitHead(spec, {
    attentionPool: pooling === 'attention' ? readPool(reader, spec, names.attentionPool) : undefined,
    norm: head.norm ? readNorm(reader, names.headNorm, pooled, spec) : undefined,
    pooler: pooler && {
      linear: Linear.read(reader, names.pooler, pooled, pooler.width),
      activation: activation(pooler.activation),
    },
    classifier: classifier(names.classifier),
    distillationClassifier:
      pooling === 'class-and-distillation' ? classifier(names.distillationClassifier) : undefined,
  })
}

function readPool(reader: WeightReader, spec: VitSpec, names: AttentionPoolNames): AttentionPool {
  const { width, heads, head, mlp } = spec
  return {
    query: parameter(reader, names.latent, [1, 1, width]),
    attention: CrossAttention.read(
      reader,
      { ...names, output: names.projection },
      { width, heads: head.poolingHeads ?? heads },
    ),
    norm: readNorm(reader, names.norm, width, spec),
    mlp: new Mlp(
      Linear.read(reader, names.mlpFirst, width, head.poolingHidden),
      activation(head.poolingActivation ?? mlp.activation),
      Linear.read(reader, names.mlpSecond, head.poolingHidden, width),
    ),
  }
}
