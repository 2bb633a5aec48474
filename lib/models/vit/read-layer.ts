import { activation } from '../../nn/activation.js'
import { SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Layer } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { GatedMlp, Mlp } from '../../nn/mlp.js'
import { LayerNorm, type Norm, RmsNorm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import { constantFrom, constantFull } from '../../tensor/constant.js'
import type { WeightReader } from '../../weights/reader.js'
import type { BlockNames, VitNames } from './names.js'
import type { EmbeddingSpec, LayerSpec } from './spec.js'

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

/** Reads the weights of the layers. */
export function readLayers(
  reader: WeightReader,
  spec: LayerSpec,
  names: Pick<VitNames, 'block'>,
): readonly Layer[] {
  return Array.from({ length: spec.depth }, (_, index) => readLayer(reader, spec, names.block(index)))
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

/** Reads the projections of query, key and value. */
export function readQueryKeyValue(
  reader: WeightReader,
  { width, queryKeyValueBias: bias }: Pick<LayerSpec, 'width' | 'queryKeyValueBias'>,
  { queryKeyValue, queryValueBiases }: Pick<BlockNames, 'queryKeyValue' | 'queryValueBiases'>,
): FusedLinear {
  const widths = [width, width, width]
  if (bias !== false && queryValueBiases) {
    const { layer } = FusedLinear.read(reader, queryKeyValue, width, widths, { bias: false })
    const [query, value] = queryValueBiases.map((name) => parameter(reader, name, [width]))
    const zeros = constantFull([width], 0, 'float32')
    return new FusedLinear(new Linear(layer.weight, ops.concat([query!, zeros, value!])), widths)
  }
  if (typeof bias === 'boolean') return FusedLinear.read(reader, queryKeyValue, width, widths, { bias })
  if (typeof queryKeyValue === 'string') {
    const { layer } = FusedLinear.read(reader, queryKeyValue, width, widths)
    const kept = [bias.query, bias.key, bias.value].map(Number)
    const mask = constantFrom(Float32Array.from(kept), [3, 1], 'float32')
    const parts: ops.FloatTensor = ops.where(ops.equal(mask, 1), ops.reshape(layer.bias!, [3, width]), 0)
    return new FusedLinear(new Linear(layer.weight, ops.reshape(parts, [3 * width])), widths)
  }
  const [query, key, value] = queryKeyValue
  const read = (name: string, bias: boolean) => Linear.read(reader, name, width, width, { bias })
  return FusedLinear.of([read(query, bias.query), read(key, bias.key), read(value, bias.value)])
}

function readMlp(reader: WeightReader, spec: LayerSpec, names: BlockNames): Mlp | GatedMlp {
  const { width, mlp, projectionBias } = spec
  const { hidden } = mlp
  const bias = { bias: mlp.bias ?? projectionBias }
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
