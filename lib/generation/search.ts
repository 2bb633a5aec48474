import type { Processor } from './processor.js'
import type { ResolvedOptions } from './resolve.js'
import type { Stepper } from './stepper.js'

/** A prompt to continue. */
export interface SearchSource {
  readonly prompt: Int32Array
  readonly options: ResolvedOptions
  readonly processors: readonly Processor[]
}

/** What a search needs. */
export interface Search {
  readonly stepper: Stepper
  readonly sources: readonly SearchSource[]
  /** Where sampling starts from. */
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** Told the raw logits of every step, [rows, vocabSize], which it must copy to keep. */
  readonly onLogits?: ((logits: Float32Array) => void) | undefined
}

/** Tokens that rows have just got. Row r of a result is sequence r % numReturnSequences of its source. */
export interface GenerationStep {
  /** True for the first: its tokens are what the rows begin with. */
  readonly isPrompt: boolean
  /** New tokens of each row: all of a prompt, then one a step. A row that has ended gets none. */
  readonly tokens: readonly (readonly number[])[]
}

/** What a search has found. */
export interface Found {
  /** Tokens after the prompt: numReturnSequences rows for each source. */
  readonly rows: readonly (readonly number[])[]
  /** What the end of rows shorter than others is filled with. */
  readonly fill: number
  /** With beams: of each row the sum of log probabilities / generated length ** lengthPenalty. */
  readonly scores?: readonly number[]
}
