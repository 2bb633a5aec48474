import { SaccadeError } from '../errors.js'
import * as ops from '../ops/index.js'
import type { Attended, AttentionCall, CrossAttention, KeyValue, SelfAttentionCall } from './attention.js'
import type { Norm } from './norm.js'

/**
 * Placement of the norm of a part f: `pre` is x + f(norm(x)); `post` is norm(x + f(x)) (Vaswani et al. 2017);
 * `res-post` is x + norm(f(x)) (Liu et al. 2021, Swin V2).
 */
export type NormPlacement = 'pre' | 'post' | 'res-post'

/** A self-attention, [..., width] to the same shape: over a sequence, or over a grid that it splits into windows. */
export interface SelfAttending {
  forward(x: ops.FloatTensor, call?: SelfAttentionCall): Attended
}

/** A feed-forward network, [..., width] to the same shape. */
export interface FeedForward {
  forward(x: ops.FloatTensor): ops.FloatTensor
}

/** The residual connection around a part. */
interface Connection<Placement extends NormPlacement> {
  /** undefined: the part has no norm. */
  readonly norm: Norm | undefined
  readonly placement: Placement
  /** Layer scale, float32 [width]: a factor of the part's output. */
  readonly scale?: ops.FloatTensor | undefined
}

/** A part of a layer with the residual connection around it. */
export type Residual<Placement extends NormPlacement = NormPlacement> = Connection<Placement> &
  (
    | { readonly attention: SelfAttending }
    | { readonly crossAttention: CrossAttention }
    | { readonly mlp: FeedForward }
  )

/** Parts that read the same input and are all added to it (GPT-J, timm's parallel blocks). */
export type ParallelResiduals = readonly Residual<'pre' | 'res-post'>[]

/** A call to a layer. */
export interface LayerCall {
  readonly self?: SelfAttentionCall | undefined
  readonly cross?: AttentionCall | undefined
  /** Keys and values of the cross-attention, projected by {@link Layer.project}. */
  readonly memory?: KeyValue | undefined
}

/** The result of a layer. */
export interface LayerResult extends Attended {
  /** Weights of the cross-attention, if the call asks for them: float32 [B, H, Nq, Nk]. */
  readonly crossWeights?: ops.FloatTensor
}

/** One layer of a Transformer: a sequence of parts, each with a residual connection. */
export class Layer {
  readonly #steps: readonly (readonly Residual[])[]

  /** @param residuals the parts in order; an inner list has parallel parts */
  constructor(residuals: readonly (Residual | ParallelResiduals)[]) {
    this.#steps = residuals.map((residual) => ('placement' in residual ? [residual] : residual))
  }

  /** Keys and values of a memory, float32 [B, Nk, width], for this layer's cross-attention. */
  project(memory: ops.FloatTensor): KeyValue {
    for (const residual of this.#steps.flat())
      if ('crossAttention' in residual) return residual.crossAttention.project(memory)
    throw new SaccadeError('INTERNAL', 'a layer without cross-attention has no memory')
  }

  /** x float32 [B, N, width], or [B, H, W, width] for parts that need the grid, to the same shape. */
  forward(x: ops.FloatTensor, call: LayerCall = {}): LayerResult {
    let result: LayerResult = { output: x }
    for (const residuals of this.#steps) result = { ...result, ...connect(result.output, residuals, call) }
    return result
  }
}

/** Adds the result of each part to x. */
function connect(x: ops.FloatTensor, residuals: readonly Residual[], call: LayerCall): LayerResult {
  // Parallel parts may share a norm; it is computed once.
  const normed = new Map<Norm, ops.FloatTensor>()
  const preNorm = (norm: Norm) => {
    const known = normed.get(norm) ?? norm.forward(x)
    normed.set(norm, known)
    return known
  }
  let result: LayerResult = { output: x }
  for (const residual of residuals) {
    const { norm, placement, scale } = residual
    const part = applyPart(residual, norm && placement === 'pre' ? preNorm(norm) : x, call)
    const branch = norm && placement === 'res-post' ? norm.forward(part.output) : part.output
    // A multiplication directly after a linear layer: the compiler folds it into the layer's weights.
    const sum: ops.FloatTensor = ops.add(result.output, scale ? ops.mul(branch, scale) : branch)
    result = { ...result, ...part, output: norm && placement === 'post' ? norm.forward(sum) : sum }
  }
  return result
}

function applyPart(residual: Residual, x: ops.FloatTensor, call: LayerCall): LayerResult {
  if ('attention' in residual) return residual.attention.forward(x, call.self)
  if ('mlp' in residual) return { output: residual.mlp.forward(x) }
  if (!call.memory) throw new SaccadeError('INTERNAL', 'a layer with cross-attention needs a memory')
  const { output, weights } = residual.crossAttention.forward(x, call.memory, call.cross)
  return { output, ...(weights && { crossWeights: weights }) }
}
