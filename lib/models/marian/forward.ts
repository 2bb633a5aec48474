import type { AttentionCall, KeyValue } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import * as stack from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import { embed, type MarianModules } from './modules.js'

/** Encodes source tokens [B, S]. */
export function encode(modules: MarianModules, ids: TokenIds, call: AttentionCall): stack.StackResult {
  return stack.runStack(modules.encoder, embed(modules.source, ids), { self: call })
}

/** Keys and values of the source for each decoder layer, computed once for all targets. */
export function projectMemory(modules: MarianModules, memory: ops.FloatTensor): KeyValue[] {
  return stack.projectMemory(modules.decoder, memory)
}
