import type { AttentionCall, KeyValue } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import type * as ops from '../../ops/index.js'
import { embed, type MarianModules } from './modules.js'

/** What the encoder makes of a source: float32, not computed yet. */
export interface Encoded {
  /** [B, S, width]. */
  readonly last: ops.FloatTensor
  /** The embeddings, then each layer's output. */
  readonly hiddenStates: readonly ops.FloatTensor[]
  readonly attentions: readonly ops.FloatTensor[]
}

/** Reads a source [B, S]. */
export function encode(modules: MarianModules, ids: TokenIds, call: AttentionCall): Encoded {
  const hiddenStates = [embed(modules.source, ids)]
  const attentions: ops.FloatTensor[] = []
  let x = hiddenStates[0]!
  for (const layer of modules.encoder) {
    const step = layer.forward(x, call)
    x = step.output
    hiddenStates.push(x)
    if (step.weights) attentions.push(step.weights)
  }
  return { last: x, hiddenStates, attentions }
}

/** Keys and values of the source for each decoder layer: made once, whatever is decoded from it. */
export function projectMemory(modules: MarianModules, memory: ops.FloatTensor): KeyValue[] {
  return modules.decoder.map((layer) => layer.parts.cross.project(memory))
}

/** What the decoder makes of a target: float32, not computed yet. */
export interface Decoded {
  /** [B, T, width]. */
  readonly last: ops.FloatTensor
  readonly hiddenStates: readonly ops.FloatTensor[]
  readonly attentions: readonly ops.FloatTensor[]
  readonly crossAttentions: readonly ops.FloatTensor[]
}

/** How a target is decoded. */
export interface DecodeRequest {
  /** Target tokens with their positions, float32 [B, T, width]. */
  readonly embedded: ops.FloatTensor
  readonly memory: readonly KeyValue[]
  readonly self: AttentionCall
  readonly cross: AttentionCall
  /** Keeps each layer's keys and values, and gives those of the earlier places, too. */
  readonly past?: ((layer: number, present: KeyValue) => KeyValue) | undefined
}

/** Decodes target tokens. */
export function decode(modules: MarianModules, request: DecodeRequest): Decoded {
  const { embedded, memory, self, cross, past } = request
  const hiddenStates = [embedded]
  const attentions: ops.FloatTensor[] = []
  const crossAttentions: ops.FloatTensor[] = []
  let x = hiddenStates[0]!
  modules.decoder.forEach((layer, index) => {
    const keep = past && ((present: KeyValue) => past(index, present))
    const step = layer.forward(x, memory[index]!, { self, cross }, keep)
    x = step.output
    hiddenStates.push(x)
    if (step.weights) attentions.push(step.weights)
    if (step.crossWeights) crossAttentions.push(step.crossWeights)
  })
  return { last: x, hiddenStates, attentions, crossAttentions }
}
