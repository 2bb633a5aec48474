import { sizesOf } from '../../graph/shape.js'
import type { Activation } from '../../nn/activation.js'
import { type Attended, CrossAttention, type SelfAttentionCall } from '../../nn/attention.js'
import { Convolution } from '../../nn/convolution.js'
import { type FeedForward, Layer, type SelfAttending } from '../../nn/layer.js'
import { Linear } from '../../nn/linear.js'
import { LayerNorm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { SegformerStage } from './config.js'

/** Epsilon of all norms, which the config does not have. */
export const normEpsilon = 1e-5

/** Makes a map smaller by a convolution without overlap. */
interface Reduction {
  readonly convolution: Convolution
  readonly norm: LayerNorm
}

/** Self-attention over a map whose keys and values are computed from a smaller map (Wang et al. 2021, PVT). */
class ReducedAttention implements SelfAttending {
  readonly #attention: CrossAttention
  readonly #reduction: Reduction | undefined

  constructor(attention: CrossAttention, reduction: Reduction | undefined) {
    this.#attention = attention
    this.#reduction = reduction
  }

  /** x float32 [B, H, W, width] to the same shape; weights [B, heads, H * W, positions of the smaller map]. */
  forward(x: ops.FloatTensor, call: SelfAttentionCall = {}): Attended {
    const reduced = this.#reduction
    const memory = reduced ? reduced.norm.forward(reduced.convolution.forward(x)) : x
    const keyValue = this.#attention.project(flat(memory))
    const { output, weights } = this.#attention.forward(flat(x), keyValue, { weights: call.weights })
    return { output: ops.reshape(output, x.shape), ...(weights && { weights }) }
  }
}

/** An MLP with a depthwise convolution after its first layer, which tells positions apart (Xie et al. 2021). */
class MixMlp implements FeedForward {
  readonly #first: Linear
  readonly #depthwise: Convolution
  readonly #activation: Activation
  readonly #second: Linear

  constructor(first: Linear, depthwise: Convolution, activation: Activation, second: Linear) {
    this.#first = first
    this.#depthwise = depthwise
    this.#activation = activation
    this.#second = second
  }

  /** x float32 [B, H, W, width] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return this.#second.forward(this.#activation(this.#depthwise.forward(this.#first.forward(x))))
  }
}

/** A map [B, H, W, C] as a sequence [B, H * W, C]. */
export function flat(x: ops.FloatTensor): ops.FloatTensor {
  const [batch, height, width, channels] = sizesOf(x.shape, 4)
  return ops.reshape(x, [batch, height * width, channels])
}

/** Reads a layer of a stage. */
export function readLayer(reader: WeightReader, stage: SegformerStage, activation: Activation): Layer {
  const { width, reduction } = stage
  const own = 'attention.self'
  const attention = CrossAttention.read(
    reader,
    { query: `${own}.query`, keyValue: [`${own}.key`, `${own}.value`], output: 'attention.output.dense' },
    stage,
  )
  const norm = (name: string) => ({
    norm: LayerNorm.read(reader, name, width, normEpsilon),
    placement: 'pre' as const,
  })
  const reduced = reduction > 1 ? readReduction(reader.scope(own), width, reduction) : undefined
  return new Layer([
    { attention: new ReducedAttention(attention, reduced), ...norm('layer_norm_1') },
    { mlp: readMlp(reader.scope('mlp'), stage, activation), ...norm('layer_norm_2') },
  ])
}

function readReduction(reader: WeightReader, width: number, side: number): Reduction {
  const shape = { inputs: width, outputs: width, kernel: side }
  return {
    convolution: Convolution.read(reader, 'sr', shape, { stride: side }),
    norm: LayerNorm.read(reader, 'layer_norm', width, normEpsilon),
  }
}

function readMlp(
  reader: WeightReader,
  { width, feedForward }: SegformerStage,
  activation: Activation,
): MixMlp {
  const shape = { inputs: feedForward, outputs: feedForward, kernel: 3, groups: feedForward }
  return new MixMlp(
    Linear.read(reader, 'dense1', width, feedForward),
    Convolution.read(reader, 'dwconv.dwconv', shape, { padding: 1 }),
    activation,
    Linear.read(reader, 'dense2', feedForward, width),
  )
}
