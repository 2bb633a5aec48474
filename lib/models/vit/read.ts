import { activation } from '../../nn/activation.js'
import { CrossAttention } from '../../nn/attention.js'
import type { Layer } from '../../nn/layer.js'
import { Linear, parameter, squeezedParameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import type { Norm } from '../../nn/norm.js'
import { PatchEmbedding } from '../../nn/patch.js'
import { resizePositions } from '../../nn/position.js'
import {
  AxialRotary,
  type GridRotary,
  MixedRotary,
  patchCentres,
  patchNumbers,
} from '../../nn/rotary-grid.js'
import type { FloatTensor } from '../../ops/index.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageDecoder } from './decoder.js'
import { VitEmbedding } from './embedding.js'
import { gridOf, positionedPrefix } from './grid.js'
import { type AttentionPool, VitHead } from './head.js'
import { HybridEmbedding } from './hybrid.js'
import type { AttentionPoolNames, VitNames } from './names.js'
import { readLayers, readNorm } from './read-layer.js'
import type { DecoderSpec, EmbeddingSpec, PositionTable, RotarySpec, VitSpec } from './spec.js'

/** The modules of a vision Transformer, in the order of the forward pass. */
export interface VitModules {
  readonly embedding: VitEmbedding
  readonly rotary: GridRotary | undefined
  readonly layers: readonly Layer[]
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
    rotary: spec.rotary && readRotary(reader, spec, spec.rotary, names.rotary),
    layers: readLayers(reader, spec, names),
    norm: spec.finalNorm ? readNorm(reader, names.norm, spec.width, spec) : undefined,
    head: readHead(reader, spec, names),
    decoder: spec.decoder && readDecoder(reader, spec, spec.decoder, names.decoder),
  }
}

function readRotary(reader: WeightReader, spec: VitSpec, rotary: RotarySpec, name: string): GridRotary {
  const width = spec.width / spec.heads
  switch (rotary.kind) {
    case 'centres':
      return new AxialRotary({
        ...{ width, base: rotary.base, layout: 'halves', coordinate: patchCentres, first: 'rows' },
      })
    case 'numbers': {
      const { base, first, offset, reference } = rotary
      const coordinate = patchNumbers(offset, reference)
      return new AxialRotary({ ...{ width, base, layout: 'interleaved', coordinate, first } })
    }
    case 'mixed':
      return new MixedRotary(parameter(reader, name, [2, spec.depth, spec.heads, width / 2]), rotary.first)
  }
}

/** The library stores the decoder's linear layer as a 1x1 convolution. */
function readDecoder(reader: WeightReader, spec: VitSpec, decoder: DecoderSpec, name: string): ImageDecoder {
  const { channels, width } = spec
  const outputs = channels * decoder.stride ** 2
  const scope = reader.scope(name)
  const weight = squeezedParameter(scope, 'weight', [outputs, width])
  return new ImageDecoder(decoder, new Linear(weight, parameter(scope, 'bias', [outputs])))
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
  return HybridEmbedding.read(reader, name, backbone, { width, bias })
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
  const { width, head, mlp } = spec
  const heads = head.poolingHeads ?? spec.heads
  return {
    query: parameter(reader, names.latent, [1, 1, width]),
    attention: CrossAttention.read(reader, { ...names, output: names.projection }, { width, heads }),
    norm: readNorm(reader, names.norm, width, spec),
    mlp: new Mlp(
      Linear.read(reader, names.mlpFirst, width, head.poolingHidden),
      activation(head.poolingActivation ?? mlp.activation),
      Linear.read(reader, names.mlpSecond, head.poolingHidden, width),
    ),
  }
}
