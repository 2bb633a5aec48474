import type { Node } from '../../graph/node.js'
import type { Attention } from '../../graph/record/attention.js'
import { sizeOf, sizesOf } from '../../graph/shape.js'
import type { Layout } from '../layout.js'
import { filled, flag, type OpRules, optional } from './rule.js'

export const attention: OpRules<Attention> = {
  attention: {
    dtype: 'product',
    float32From: 3,
    features: true,
    /** The result is stored as [B, Nq, H, D], so that the projection that follows reads contiguous rows. */
    lower(node, emitter, q: Node, k: Node, v: Node, ...restrictions: Node[]) {
      // The result for a query without keys is 0.
      if (sizeOf(k.shape) === 0) return filled(node, emitter, 0)
      const { scale, causal, window, mask, keyLength } = node.parameters
      const [batch, heads, queries, width] = sizesOf(node.shape, 4)
      const out = transposed(emitter.allocate(node.dtype, [batch, queries, heads, width]))
      const operands = [q, k, v].map((input) => emitter.dense(emitter.layout(input)))
      emitter.emit(
        'attention',
        [out, ...operands, ...optional(emitter, restrictions, mask, keyLength)],
        [scale, flag(causal), window],
      )
      return out
    },
  },

  attentionWeights: {
    dtype: 'float32',
    features: false,
    lower(node, emitter, q: Node, k: Node, ...restrictions: Node[]) {
      const { scale, causal, window, mask, keyLength, first, queries } = node.parameters
      const out = emitter.allocate(node.dtype, node.shape)
      const operands = [q, k].map((input) => emitter.dense(emitter.layout(input)))
      emitter.emit(
        'attentionWeights',
        [out, ...operands, ...optional(emitter, restrictions, mask, keyLength)],
        [scale, flag(causal), window, first, queries],
      )
      return out
    },
  },
}

/** [B, N, H, D] seen as [B, H, N, D]. */
function transposed(layout: Layout): Layout {
  const swap = ([a, b, c, d]: readonly number[]) => [a!, c!, b!, d!]
  return { ...layout, shape: swap(layout.shape), strides: swap(layout.strides) }
}
