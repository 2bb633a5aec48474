import type { StackResult } from '../nn/stack.js'
import type { FloatTensor } from '../ops/index.js'
import { checkFlags, checkOptions } from '../options.js'
import type { RunOptions } from '../runtime/run-options.js'

/** Options of a run that can return hidden states and attention weights. */
export interface StatesOptions extends Pick<RunOptions, 'signal' | 'threads'> {
  /** Also return the embeddings and the output of each layer. Default false. */
  readonly hiddenStates?: boolean | undefined
  /** Also return the attention weights of each layer. Default false. */
  readonly attentions?: boolean | undefined
}

/** Hidden states and attention weights of a run. */
export interface States {
  /** Input of the first layer, then the output of each layer: float32 [B, N, width]. */
  readonly hiddenStates?: readonly FloatTensor[]
  /** Attention weights of each layer: float32 [B, heads, N, N]. */
  readonly attentions?: readonly FloatTensor[]
}

/** The states that the options ask for. */
export function statesOf(stack: StackResult, { hiddenStates, attentions }: StatesOptions): States {
  return {
    ...(hiddenStates && { hiddenStates: stack.hiddenStates }),
    ...(attentions && { attentions: [...stack.attentions.values()] }),
  }
}

/**
 * @param more names of further boolean options
 * @throws OPTION_UNKNOWN, OPTION_INVALID
 */
export function checkStatesOptions(options: StatesOptions, what: string, more: readonly string[] = []): void {
  const flags = ['hiddenStates', 'attentions', ...more]
  checkOptions(options, [...flags, 'signal', 'threads'], what)
  checkFlags({ ...options }, flags, what)
}
