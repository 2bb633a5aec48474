import { requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { Linear } from './linear.js'
import type { Norm } from './norm.js'

/** [B, N, heads * D] seen as heads: [B, heads, N, D]. No elements are moved. */
export function splitHeads(x: ops.FloatTensor, heads: number): ops.FloatTensor {
  const [batch, places, width] = requireRank(x, 3, '[batch, places, width]', 'splitHeads')
  return ops.permute(ops.reshape(x, [batch, places, heads, width / heads]), [0, 2, 1, 3])
}

/** [B, heads, N, D] back to [B, N, heads * D]. */
export function mergeHeads(x: ops.FloatTensor): ops.FloatTensor {
  const [batch, heads, places, width] = requireRank(x, 4, '[batch, heads, places, width]', 'mergeHeads')
  return ops.reshape(ops.permute(x, [0, 2, 1, 3]), [batch, places, heads * width])
}

/** What attention gives beside its result: the weights, if they were asked for. */
export interface Attended {
  readonly output: ops.FloatTensor
  /** float32 [B, H, R, Nk]. */
  readonly weights?: ops.FloatTensor
}

/** Restrictions of one call, and whether the weights are wanted: all rows, or some. */
export interface AttentionCall extends ops.AttentionOptions {
  readonly weights?: boolean | { readonly start: number; readonly end: number } | undefined
}

/** Attention over heads that are already projected, and its weights if the call asks for them. */
export function attend(
  q: ops.FloatTensor,
  k: ops.FloatTensor,
  v: ops.FloatTensor,
  call: AttentionCall,
): Attended {
  const { weights, ...options } = call
  const output = mergeHeads(ops.attention(q, k, v, options))
  if (!weights) return { output }
  return {
    output,
    weights: ops.attentionWeights(q, k, { ...options, rows: weights === true ? undefined : weights }),
  }
}

/** Projected keys and values, as heads [B, H, N, D]. */
export interface KeyValue {
  readonly key: ops.FloatTensor
  readonly value: ops.FloatTensor
}

/** The parts of a self-attention whose projections run as one product. */
export interface SelfAttentionParts {
  readonly heads: number
  /** [3 * width, width]: query, key and value side by side. */
  readonly qkv: Linear
  readonly output: Linear
  /** Norms over each head's query and key (timm's qk_norm). */
  readonly queryNorm?: Norm | undefined
  readonly keyNorm?: Norm | undefined
  /** A norm between the heads and the output's projection (timm's scale_attn_norm). */
  readonly norm?: Norm | undefined
}

/** Multi-head self-attention (Vaswani et al. 2017, section 3.2.2). */
export class SelfAttention {
  readonly parts: SelfAttentionParts

  constructor(parts: SelfAttentionParts) {
    this.parts = parts
  }

  /**
   * x float32 [B, N, width] to the same shape.
   * @param past where the keys and values of earlier places are kept: given x's own, it gives those to attend to
   */
  forward(
    x: ops.FloatTensor,
    call: AttentionCall = {},
    past: (present: KeyValue) => KeyValue = (present) => present,
  ): Attended {
    const { qkv, output, heads, queryNorm, keyNorm, norm } = this.parts
    const projected = qkv.forward(x)
    const third = projected.shape[2]! / 3
    const [q, k, v] = ops.split(projected, [third, third, third]).map((part) => splitHeads(part, heads))
    const { key, value } = past({ key: keyNorm?.forward(k!) ?? k!, value: v! })
    const attended = attend(queryNorm?.forward(q!) ?? q!, key, value, call)
    return { ...attended, output: output.forward(norm?.forward(attended.output) ?? attended.output) }
  }
}

/** The parts of an attention whose queries and keys come from different places. */
export interface CrossAttentionParts {
  readonly heads: number
  readonly query: Linear
  /** [2 * width, width]: key and value side by side. */
  readonly keyValue: Linear
  readonly output: Linear
}

/** Multi-head attention from one sequence to another: decoder to encoder, or a latent query to patches. */
export class CrossAttention {
  readonly parts: CrossAttentionParts

  constructor(parts: CrossAttentionParts) {
    this.parts = parts
  }

  /** Keys and values of a memory, float32 [B, Nk, width]: made once for all the queries that will be asked. */
  project(memory: ops.FloatTensor): KeyValue {
    const { keyValue, heads } = this.parts
    const projected = keyValue.forward(memory)
    const half = projected.shape[2]! / 2
    const [key, value] = ops.split(projected, [half, half]).map((part) => splitHeads(part, heads))
    return { key: key!, value: value! }
  }

  /**
   * x float32 [B, Nq, width] to the same shape. Memory may have fewer rows, B / n: then n rows of x in succession, such
   * as the beams of a search, look at the same one.
   */
  forward(x: ops.FloatTensor, { key, value }: KeyValue, call: AttentionCall = {}): Attended {
    const { query, output, heads } = this.parts
    const [rows, places, width] = requireRank(x, 3, '[batch, places, width]', 'cross-attention')
    const batch = key.shape[0]!
    const grouped = ops.reshape(query.forward(x), [batch, (rows / batch) * places, width])
    const attended = attend(splitHeads(grouped, heads), key, value, call)
    const apart = ops.reshape(attended.output, [rows, places, width])
    return { ...attended, output: output.forward(apart) }
  }
}
