import type { StackResult } from '../nn/stack.js'
import type { FloatTensor } from '../ops/index.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { RunOptions } from '../runtime/run-options.js'

/** Options of a run that can show what is inside the model. */
export interface StatesOptions extends Pick<RunOptions, 'signal' | 'threads'> {
  /** Give the embeddings and the output of each layer, too. Default false. */
  readonly hiddenStates?: boolean | undefined
  /** Give the attention weights of each layer, too. Default false. */
  readonly attentions?: boolean | undefined
}

/** The states that such a run gives. */
export interface States {
  /** What the first layer reads, then what each layer gives: float32 [B, N, width]. */
  readonly hiddenStates?: readonly FloatTensor[]
  /** Of each layer: float32 [B, heads, N, N]. */
  readonly attentions?: readonly FloatTensor[]
}

/** The states that were asked for. */
export function statesOf(stack: StackResult, { hiddenStates, attentions }: StatesOptions): States {
  return {
    ...(hiddenStates && { hiddenStates: stack.hiddenStates }),
    ...(attentions && { attentions: [...stack.attentions.values()] }),
  }
}

/**
 * @param more names of further options that are true or false
 * @throws OPTION_UNKNOWN, OPTION_INVALID
 */
export function checkStatesOptions(options: StatesOptions, what: string, more: readonly string[] = []): void {
  const flags = ['hiddenStates', 'attentions', ...more]
  checkOptions(options, [...flags, 'signal', 'threads'], what)
  for (const [name, value] of Object.entries(options))
    if (flags.includes(name) && value !== undefined && typeof value !== 'boolean')
      optionInvalid(`${what}: ${name}`, value, 'true or false')
}
