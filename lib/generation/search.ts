import { invalid, type SaccadeError } from '../errors.js'
import type { Processor } from './processor.js'
import type { ResolvedOptions } from './resolve.js'
import type { Stepper } from './stepper.js'

/** The event loop gets a turn after so many milliseconds of choosing tokens. */
export const searchSliceMs = 5

/** A prompt to continue. */
export interface SearchSource {
  readonly prompt: Int32Array
  readonly options: ResolvedOptions
  /** Processors of each beam; one list without beam search. */
  readonly processors: readonly (readonly Processor[])[]
}

/** Inputs of a search. */
export interface Search {
  readonly stepper: Stepper
  readonly sources: readonly SearchSource[]
  /** Seed of sampling. */
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** Called with the raw logits of every step, [rows, vocabSize]. They are valid during the call only. */
  readonly onLogits?: ((logits: Float32Array) => void) | undefined
}

/** The tokens of one step. Row r is sequence r % numReturnSequences of source floor(r / numReturnSequences). */
export interface GenerationStep {
  /** True for the first step, whose tokens are the prompts. */
  readonly isPrompt: boolean
  /** New tokens of each row: the whole prompt, then one token a step. Empty for a row that has ended. */
  readonly tokens: readonly (readonly number[])[]
}

/** The result of a search. */
export interface Found {
  /** Tokens after the prompt: numReturnSequences rows for each source. */
  readonly rows: readonly (readonly number[])[]
  /** The token that pads shorter rows at the end. */
  readonly fill: number
  /** With beam search: for each row, the sum of log probabilities / generated length ** lengthPenalty. */
  readonly scores?: readonly number[]
}

/**
 * The error for scores from which no token can be chosen. The reference takes token 0, or fails.
 * @param length tokens of the row
 */
export function noToken(scores: Float32Array, length: number): SaccadeError {
  const what = `generation, token ${length}`
  const finite = scores.every((score) => score < Number.POSITIVE_INFINITY)
  return finite
    ? invalid('OPTION_INVALID', what, 'options that leave a token possible', 'options that forbid all')
    : invalid('OPTION_INVALID', what, 'finite scores (see removeInvalidValues)', 'NaN or Infinity')
}
