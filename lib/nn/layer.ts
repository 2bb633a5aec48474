import * as ops from '../ops/index.js'
import type { Attended, AttentionCall, CrossAttention, KeyValue, SelfAttention } from './attention.js'
import type { Mlp } from './mlp.js'
import type { LayerNorm } from './norm.js'

/** Where the norms of a layer stand: `after` each residual sum (Vaswani et al. 2017), or `before` each part. */
export type NormOrder = 'before' | 'after'

/** The parts of an encoder layer, as they stand in the figure. */
export interface EncoderLayerParts {
  readonly normOrder: NormOrder
  readonly attention: SelfAttention
  readonly attentionNorm: LayerNorm
  readonly mlp: Mlp
  readonly mlpNorm: LayerNorm
}

/** One layer of a Transformer's encoder: self-attention and a feed-forward network, each in a residual connection. */
export class EncoderLayer {
  readonly parts: EncoderLayerParts

  constructor(parts: EncoderLayerParts) {
    this.parts = parts
  }

  /** x float32 [B, N, width] to the same shape. */
  forward(x: ops.FloatTensor, call: AttentionCall = {}): Attended {
    const { normOrder, attention, attentionNorm, mlp, mlpNorm } = this.parts
    const { output: attended, ...rest } = around(normOrder, attentionNorm, x, (y) =>
      attention.forward(y, call),
    )
    const { output } = around(normOrder, mlpNorm, attended, (y) => ({ output: mlp.forward(y) }))
    return { output, ...rest }
  }
}

/** The parts of a decoder layer, as they stand in the figure. */
export interface DecoderLayerParts extends EncoderLayerParts {
  readonly cross: CrossAttention
  readonly crossNorm: LayerNorm
}

/** What a decoder layer gives. */
export interface Decoded extends Attended {
  /** Weights of the cross-attention, if they were asked for: float32 [B, H, Nq, Nk]. */
  readonly crossWeights?: ops.FloatTensor
}

/** The two attentions of a call to a decoder layer. */
export interface DecoderCall {
  readonly self?: AttentionCall | undefined
  readonly cross?: AttentionCall | undefined
}

/** One layer of a Transformer's decoder: self-attention, attention to the encoder's memory, feed-forward network. */
export class DecoderLayer {
  readonly parts: DecoderLayerParts

  constructor(parts: DecoderLayerParts) {
    this.parts = parts
  }

  /**
   * @param x float32 [B, N, width]
   * @param memory the encoder's output, projected by `parts.cross`
   * @param past where the keys and values of earlier places are kept: gives those to attend to in place of x's own
   */
  forward(
    x: ops.FloatTensor,
    memory: KeyValue,
    call: DecoderCall = {},
    past?: (present: KeyValue) => KeyValue,
  ): Decoded {
    const { normOrder, attention, attentionNorm, cross, crossNorm, mlp, mlpNorm } = this.parts
    const first = around(normOrder, attentionNorm, x, (y) => attention.forward(y, call.self, past))
    const second = around(normOrder, crossNorm, first.output, (y) => cross.forward(y, memory, call.cross))
    const third = around(normOrder, mlpNorm, second.output, (y) => ({ output: mlp.forward(y) }))
    return {
      output: third.output,
      ...(first.weights && { weights: first.weights }),
      ...(second.weights && { crossWeights: second.weights }),
    }
  }
}

/** A part in its residual connection. */
function around(
  order: NormOrder,
  norm: LayerNorm,
  x: ops.FloatTensor,
  part: (x: ops.FloatTensor) => Attended,
): Attended {
  const done = part(order === 'before' ? norm.forward(x) : x)
  const sum: ops.FloatTensor = ops.add(x, done.output)
  return { ...done, output: order === 'after' ? norm.forward(sum) : sum }
}
