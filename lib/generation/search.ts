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

/** A token that a row has just got. */
export interface TokenEvent {
  /** Row of the result: source * numReturnSequences + number of the sequence. */
  readonly row: number
  readonly token: number
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
