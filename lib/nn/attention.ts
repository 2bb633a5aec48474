import { requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { FusedLinear } from './fused-linear.js'
import { Linear, type LinearOptions } from './linear.js'
import type { Norm } from './norm.js'
import type { Rotation } from './rotary.js'

/** A view of [B, N, heads * D] as [B, heads, N, D]. Nothing is copied. */
export function splitHeads(x: ops.FloatTensor, heads: number): ops.FloatTensor {
  const [batch, positions, width] = requireRank(x, 3, '[batch, positions, width]', 'splitHeads')
  return ops.permute(ops.reshape(x, [batch, positions, heads, width / heads]), [0, 2, 1, 3])
}

/** [B, heads, N, D] back to [B, N, heads * D]. */
export function mergeHeads(x: ops.FloatTensor): ops.FloatTensor {
  const [batch, heads, positions, width] = requireRank(x, 4, '[batch, heads, positions, width]', 'mergeHeads')
  return ops.reshape(ops.permute(x, [0, 2, 1, 3]), [batch, positions, heads * width])
}

/** The result of an attention, and its weights if the call asks for them. */
export interface Attended {
  readonly output: ops.FloatTensor
  /** float32 [B, H, R, Nk]. */
  readonly weights?: ops.FloatTensor
}

/** Restrictions of one call, and whether it returns its weights: for all queries, or for some. */
export interface AttentionCall extends ops.AttentionOptions {
  readonly weights?: boolean | { readonly start: number; readonly end: number } | undefined
}

/** Attention over projected heads; also computes the weights if the call asks for them. */
function attend(q: ops.FloatTensor, k: ops.FloatTensor, v: ops.FloatTensor, call: AttentionCall): Attended {
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

/** Sizes of an attention whose heads together have the width of its input, and how its linear layers are stored. */
export interface AttentionSizes extends LinearOptions {
  readonly width: number
  readonly heads: number
  /** Factor of the scores. Default 1 / sqrt(width of a head); T5 has 1. */
  readonly scale?: number | undefined
}

/** A call to a self-attention. */
export interface SelfAttentionCall extends AttentionCall {
  /** Rotary position embedding of queries and keys, applied after their norms. */
  readonly rotation?: Rotation | undefined
  /** Key-value cache: stores the keys and values of x, and returns those of all positions so far. */
  readonly past?: ((present: KeyValue) => KeyValue) | undefined
}

/** The parts of a self-attention whose projections run as one product. */
export interface SelfAttentionParts {
  readonly heads: number
  /** Query, key and value. The width of the value may differ. */
  readonly queryKeyValue: FusedLinear
  readonly output: Linear
  /** Norms over each head's query and key (timm's qk_norm). */
  readonly queryNorm?: Norm | undefined
  readonly keyNorm?: Norm | undefined
  /** A norm between the heads and the output's projection (timm's scale_attn_norm). */
  readonly norm?: Norm | undefined
  /** Factor of the scores. Default 1 / sqrt(head size); T5 has 1. */
  readonly scale?: number | undefined
}

/** Multi-head self-attention (Vaswani et al. 2017, section 3.2.2). */
export class SelfAttention {
  readonly parts: SelfAttentionParts

  constructor(parts: SelfAttentionParts) {
    this.parts = parts
  }

  /** Reads the projections. `names.queryKeyValue` is one name if the checkpoint stores them as one matrix. */
  static read(
    reader: WeightReader,
    names: { readonly queryKeyValue: string | readonly string[]; readonly output: string },
    sizes: AttentionSizes,
  ): SelfAttention {
    const { width, heads, scale } = sizes
    return new SelfAttention({
      ...{ heads, scale },
      queryKeyValue: FusedLinear.read(reader, names.queryKeyValue, width, [width, width, width], sizes),
      output: Linear.read(reader, names.output, width, width, sizes),
    })
  }

  /** x float32 [B, N, width] to the same shape. */
  forward(x: ops.FloatTensor, call: SelfAttentionCall = {}): Attended {
    const { queryKeyValue, output, heads, queryNorm, keyNorm, norm, scale } = this.parts
    const { rotation, past, ...rest } = call
    const [q, k, v] = queryKeyValue.forward(x).map((part) => splitHeads(part, heads))
    const normAndRotate = (part: ops.FloatTensor, norm: Norm | undefined) => {
      const normed = norm?.forward(part) ?? part
      return rotation?.apply(normed) ?? normed
    }
    const present = { key: normAndRotate(k!, keyNorm), value: v! }
    const { key, value } = past?.(present) ?? present
    const attended = attend(normAndRotate(q!, queryNorm), key, value, { scale, ...rest })
    return { ...attended, output: output.forward(norm?.forward(attended.output) ?? attended.output) }
  }
}

/** The parts of an attention whose queries and keys come from different sequences. */
export interface CrossAttentionParts {
  readonly heads: number
  readonly query: Linear
  /** Key and value. */
  readonly keyValue: FusedLinear
  readonly output: Linear
  /** Factor of the scores. Default 1 / sqrt(head size). */
  readonly scale?: number | undefined
}

/** Multi-head attention from one sequence to another: decoder to encoder, or a latent query to patches. */
export class CrossAttention {
  readonly parts: CrossAttentionParts

  constructor(parts: CrossAttentionParts) {
    this.parts = parts
  }

  /**
   * Reads the projections. `names.keyValue` is one name if the checkpoint stores both as one matrix, and that of the query
   * if it stores all three as one, as torch.nn.MultiheadAttention does.
   */
  static read(
    reader: WeightReader,
    names: { readonly query: string; readonly keyValue: string | readonly string[]; readonly output: string },
    sizes: AttentionSizes & { readonly memoryWidth?: number },
  ): CrossAttention {
    const { width, heads, scale, memoryWidth = width } = sizes
    const output = Linear.read(reader, names.output, width, width, sizes)
    if (names.keyValue === names.query) {
      const fused = FusedLinear.read(reader, names.query, width, [width, width, width], sizes)
      const query = fused.slice(0, 1).layer
      return new CrossAttention({ ...{ heads, scale, query, output }, keyValue: fused.slice(1, 3) })
    }
    return new CrossAttention({
      ...{ heads, scale, output },
      query: Linear.read(reader, names.query, width, width, sizes),
      keyValue: FusedLinear.read(reader, names.keyValue, memoryWidth, [width, width], sizes),
    })
  }

  /** Projects a memory, float32 [B, Nk, width of the memory], to keys and values, once for all queries. */
  project(memory: ops.FloatTensor): KeyValue {
    const { keyValue, heads } = this.parts
    const [key, value] = keyValue.forward(memory).map((part) => splitHeads(part, heads))
    return { key: key!, value: value! }
  }

  /**
   * x float32 [B, Nq, width] to the same shape. The memory may have fewer rows, B / n: then n consecutive rows of x, such
   * as the beams of a source, attend to the same row.
   */
  forward(x: ops.FloatTensor, { key, value }: KeyValue, call: AttentionCall = {}): Attended {
    const { query, output, heads, scale } = this.parts
    const [rows, positions] = requireRank(x, 3, '[batch, positions, width]', 'cross-attention')
    const batch = key.shape[0]!
    const queries = query.forward(x)
    const grouped = ops.reshape(queries, [batch, (rows / batch) * positions, queries.shape[2]!])
    const attended = attend(splitHeads(grouped, heads), key, value, { scale, ...call })
    const ungrouped = ops.reshape(attended.output, [rows, positions, attended.output.shape[2]!])
    return { ...attended, output: output.forward(ungrouped) }
  }
}
