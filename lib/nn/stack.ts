import type * as ops from '../ops/index.js'
import type { AttentionCall, KeyValue, SelfAttentionCall } from './attention.js'
import type { Layer } from './layer.js'

/** One value for all layers, or a function of the layer. */
type PerLayer<T> = T | ((layer: number) => T)

/** A call to a stack of layers. The arguments of the attentions may differ between layers. */
export interface StackCall {
  readonly self?: PerLayer<Omit<SelfAttentionCall, 'past'>> | undefined
  readonly cross?: PerLayer<AttentionCall> | undefined
  /** Keys and values of each layer's cross-attention; see {@link projectMemory}. */
  readonly memory?: readonly KeyValue[] | undefined
  /** Key-value cache: stores the keys and values of a layer, and returns those of all positions so far. */
  readonly past?: ((layer: number, present: KeyValue) => KeyValue) | undefined
}

/** Results of a stack of layers, lazy. */
export interface StackResult {
  /** Output of the last layer: float32 [B, N, width]. */
  readonly last: ops.FloatTensor
  /** Input of the first layer, then the output of each layer: float32 [B, N, width]. */
  readonly hiddenStates: readonly ops.FloatTensor[]
  /** Attention weights by layer, if the call asks for them: float32 [B, heads, R, N]. */
  readonly attentions: ReadonlyMap<number, ops.FloatTensor>
  /** Weights of the cross-attentions by layer, if the call asks for them: float32 [B, heads, R, Nk]. */
  readonly crossAttentions: ReadonlyMap<number, ops.FloatTensor>
}

/** Runs x, float32 [B, N, width] or [B, H, W, width] as its layers take it, through a stack of layers. */
export function runStack(layers: readonly Layer[], x: ops.FloatTensor, call: StackCall = {}): StackResult {
  const { self, cross, memory, past } = call
  const hiddenStates = [x]
  const attentions = new Map<number, ops.FloatTensor>()
  const crossAttentions = new Map<number, ops.FloatTensor>()
  let last = x
  layers.forEach((layer, index) => {
    const { output, weights, crossWeights } = layer.forward(last, {
      self: { ...at(self, index), past: past && ((present) => past(index, present)) },
      cross: at(cross, index),
      memory: memory?.[index],
    })
    if (weights) attentions.set(index, weights)
    if (crossWeights) crossAttentions.set(index, crossWeights)
    hiddenStates.push(output)
    last = output
  })
  return { last, hiddenStates, attentions, crossAttentions }
}

/** Projects a memory, float32 [B, Nk, width], to keys and values for each layer, once for all queries. */
export function projectMemory(layers: readonly Layer[], memory: ops.FloatTensor): KeyValue[] {
  return layers.map((layer) => layer.project(memory))
}

function at<T extends object>(call: PerLayer<T> | undefined, layer: number): T | undefined {
  return typeof call === 'function' ? call(layer) : call
}
