import { CrossAttention, SelfAttention } from '../../nn/attention.js'
import { DecoderLayer, EncoderLayer } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import type * as ops from '../../ops/index.js'
import { slice } from '../../ops/shape.js'
import type { WeightReader } from '../../weights/reader.js'
import type { TransformerConfig } from './config.js'

/** A stack of layers with the norm that closes it. */
export interface Stack<Layer> {
  readonly layers: readonly Layer[]
  readonly norm: LayerNorm
}

/** The module names of torch.nn.TransformerEncoder. */
export function readEncoder(reader: WeightReader, config: TransformerConfig): Stack<EncoderLayer> {
  const layers = Array.from({ length: config.encoderLayers }, (_, index) => {
    const layer = reader.scope('layers').scope(index)
    return new EncoderLayer({
      normOrder: config.normOrder,
      attention: selfAttention(layer.scope('self_attn'), config),
      attentionNorm: layerNorm(layer, 'norm1', config),
      mlp: feedForward(layer, config),
      mlpNorm: layerNorm(layer, 'norm2', config),
    })
  })
  return { layers, norm: layerNorm(reader, 'norm', config) }
}

/** The module names of torch.nn.TransformerDecoder. */
export function readDecoder(reader: WeightReader, config: TransformerConfig): Stack<DecoderLayer> {
  const layers = Array.from({ length: config.decoderLayers }, (_, index) => {
    const layer = reader.scope('layers').scope(index)
    return new DecoderLayer({
      normOrder: config.normOrder,
      attention: selfAttention(layer.scope('self_attn'), config),
      attentionNorm: layerNorm(layer, 'norm1', config),
      cross: crossAttention(layer.scope('multihead_attn'), config),
      crossNorm: layerNorm(layer, 'norm2', config),
      mlp: feedForward(layer, config),
      mlpNorm: layerNorm(layer, 'norm3', config),
    })
  })
  return { layers, norm: layerNorm(reader, 'norm', config) }
}

function selfAttention(reader: WeightReader, config: TransformerConfig): SelfAttention {
  const { width, heads, bias } = config
  return new SelfAttention({
    heads,
    qkv: inProjection(reader, config),
    output: Linear.read(reader, 'out_proj', width, width, { bias }),
  })
}

function crossAttention(reader: WeightReader, config: TransformerConfig): CrossAttention {
  const { width, heads, bias } = config
  const stacked = inProjection(reader, config)
  return new CrossAttention({
    heads,
    query: rows(stacked, 0, width),
    keyValue: rows(stacked, width, 3 * width),
    output: Linear.read(reader, 'out_proj', width, width, { bias }),
  })
}

/** Query, key and value are stored as one matrix. */
function inProjection(reader: WeightReader, { width, bias }: TransformerConfig): Linear {
  return new Linear(
    parameter(reader, 'in_proj_weight', [3 * width, width]),
    bias ? parameter(reader, 'in_proj_bias', [3 * width]) : undefined,
  )
}

/** The part of a layer that gives some of its outputs. */
function rows({ weight, bias }: Linear, start: number, end: number): Linear {
  const part = (x: ops.FloatTensor) => slice(x, { axis: 0, start, end }) as ops.FloatTensor
  return new Linear(part(weight), bias && part(bias))
}

function feedForward(reader: WeightReader, config: TransformerConfig): Mlp {
  const { width, feedForward, bias } = config
  return new Mlp(
    Linear.read(reader, 'linear1', width, feedForward, { bias }),
    config.activation,
    Linear.read(reader, 'linear2', feedForward, width, { bias }),
  )
}

function layerNorm(
  reader: WeightReader,
  name: string,
  { width, epsilon, bias }: TransformerConfig,
): LayerNorm {
  return LayerNorm.read(reader, name, width, epsilon, { bias })
}
