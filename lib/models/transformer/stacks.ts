import { CrossAttention, SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Layer, type Residual } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import type * as ops from '../../ops/index.js'
import { slice } from '../../ops/shape.js'
import type { WeightReader } from '../../weights/reader.js'
import type { TransformerConfig } from './config.js'

/** A stack of layers with a final norm. */
export interface Stack {
  readonly layers: readonly Layer[]
  readonly norm: LayerNorm
}

/** The module names of torch.nn.TransformerEncoder. */
export function readEncoder(reader: WeightReader, config: TransformerConfig): Stack {
  return readStack(reader, config, config.encoderLayers, (layer) => [
    { attention: selfAttention(layer.scope('self_attn'), config), ...connection(layer, 'norm1', config) },
    { mlp: Mlp.read(layer, ['linear1', 'linear2'], config), ...connection(layer, 'norm2', config) },
  ])
}

/** The module names of torch.nn.TransformerDecoder. */
export function readDecoder(reader: WeightReader, config: TransformerConfig): Stack {
  return readStack(reader, config, config.decoderLayers, (layer) => [
    { attention: selfAttention(layer.scope('self_attn'), config), ...connection(layer, 'norm1', config) },
    {
      crossAttention: crossAttention(layer.scope('multihead_attn'), config),
      ...connection(layer, 'norm2', config),
    },
    { mlp: Mlp.read(layer, ['linear1', 'linear2'], config), ...connection(layer, 'norm3', config) },
  ])
}

function readStack(
  reader: WeightReader,
  config: TransformerConfig,
  count: number,
  read: (layer: WeightReader) => readonly Residual[],
): Stack {
  const list = reader.scope('layers')
  return {
    layers: Array.from({ length: count }, (_, index) => new Layer(read(list.scope(index)))),
    norm: layerNorm(reader, 'norm', config),
  }
}

function connection(layer: WeightReader, norm: string, config: TransformerConfig) {
  return { norm: layerNorm(layer, norm, config), placement: config.normPlacement }
}

function selfAttention(reader: WeightReader, config: TransformerConfig): SelfAttention {
  const { width, heads, bias } = config
  return new SelfAttention({
    heads,
    queryKeyValue: new FusedLinear(inProjection(reader, config), [width, width, width]),
    output: Linear.read(reader, 'out_proj', width, width, { bias }),
  })
}

function crossAttention(reader: WeightReader, config: TransformerConfig): CrossAttention {
  const { width, heads, bias } = config
  const stacked = inProjection(reader, config)
  return new CrossAttention({
    heads,
    query: rows(stacked, 0, width),
    keyValue: new FusedLinear(rows(stacked, width, 3 * width), [width, width]),
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

/** The linear layer that computes outputs start...end of another one. */
function rows({ weight, bias }: Linear, start: number, end: number): Linear {
  const part = (x: ops.FloatTensor) => slice(x, { axis: 0, start, end }) as ops.FloatTensor
  return new Linear(part(weight), bias && part(bias))
}

function layerNorm(
  reader: WeightReader,
  name: string,
  { width, epsilon, bias }: TransformerConfig,
): LayerNorm {
  return LayerNorm.read(reader, name, width, epsilon, { bias })
}
