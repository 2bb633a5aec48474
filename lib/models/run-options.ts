import { checkOptions, optionInvalid } from '../options.js'
import type { RunOptions } from '../runtime/run-options.js'

/** Options of a run that can show what is inside the model. */
export interface StatesOptions extends Pick<RunOptions, 'signal' | 'threads'> {
  /** Give the embeddings and the output of each layer, too. Default false. */
  readonly hiddenStates?: boolean | undefined
  /** Give the attention weights of each layer, too. Default false. */
  readonly attentions?: boolean | undefined
}

/** @throws OPTION_UNKNOWN, OPTION_INVALID */
export function checkStatesOptions(options: StatesOptions, what: string): void {
  checkOptions(options, ['hiddenStates', 'attentions', 'signal', 'threads'], what)
  for (const name of ['hiddenStates', 'attentions'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      optionInvalid(`${what}: ${name}`, value, 'true or false')
  }
}
