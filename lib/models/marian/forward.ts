import type { AttentionCall, KeyValue } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import * as stack from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { embed, type MarianModules } from './modules.js'

/** Encodes source tokens [B, S]. */
export function encode(modules: MarianModules, ids: TokenIds, call: AttentionCall): stack.StackResult {
  return stack.runStack(modules.encoder, embed(modules.source, ids), { self: call })
}

/** Keys and values of the source for each decoder layer: made once, whatever is decoded from it. */
export function projectMemory(modules: MarianModules, memory: ops.FloatTensor): KeyValue[] {
  return stack.projectMemory(modules.decoder, memory)
}

/** How a target is decoded. */
export interface DecodeRequest extends stack.StackCall {
  readonly ids: TokenIds
  /** Positions of the tokens: int32 [T]. Default: from 0 on. */
  readonly places?: Tensor<'int32'> | undefined
}

/** Decodes target tokens [B, T]. */
export function decode(modules: MarianModules, { ids, places, ...call }: DecodeRequest): stack.StackResult {
  return stack.runStack(modules.decoder, embed(modules.target, ids, places), call)
}
