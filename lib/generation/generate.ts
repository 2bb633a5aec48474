import { throwIfAborted } from '../abort.js'
import { invalid } from '../errors.js'
import { optionInvalid } from '../options.js'
import { beamSearch } from './beam-search.js'
import type { Prompt } from './decoder.js'
import type { GenerationOptions } from './options.js'
import type { Processor } from './processor.js'
import { createProcessors } from './processors.js'
import { checkVocabulary, type ModelLimits, type ResolvedOptions, resolveOptions } from './resolve.js'
import { sample } from './sample.js'
import type { GenerationStep, Search, SearchSource } from './search.js'
import type { Stepper } from './stepper.js'

/** Inputs of {@link generate}. */
export interface GenerationRequest {
  readonly stepper: Stepper
  readonly prompt: Prompt
  /** Merged with the model's defaults. */
  readonly options: GenerationOptions
  /** Maximum sequence length of the model. */
  readonly positions?: number | undefined
  /** Token ids of the sources, for options that need them. Left out if the sources are not text. */
  readonly sourceIds?: readonly Int32Array[] | undefined
  /** Return the raw logits of every step. */
  readonly returnLogits?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface GenerationResult {
  /** Token ids of [sources * numReturnSequences] rows, prompt included; shorter rows are padded at the end. */
  sequences: number[][]
  /** How many tokens of each sequence are not such padding. */
  lengths: number[]
  /** With beams: of each sequence the sum of log probabilities / generated length ** lengthPenalty. */
  sequencesScores?: number[]
  /** With returnLogits: for every step [rows, vocabSize], before any processing. */
  stepLogits?: Float32Array[]
}

/**
 * Generates token sequences by greedy search, sampling or beam search, with the results of transformers. Yields the
 * tokens of each step and returns the sequences. A step is computed when it is requested; leaving the loop ends the
 * generation. With beam search it yields the prompt only, because tokens can change until the end.
 * @throws OPTION_UNKNOWN, OPTION_INVALID, EMPTY_BATCH, TOKEN_OUT_OF_RANGE, ABORTED, and what the stepper throws
 */
export async function* generate(
  request: GenerationRequest,
): AsyncGenerator<GenerationStep, GenerationResult> {
  const { stepper, prompt, options, signal, returnLogits = false } = request
  const stepLogits: Float32Array[] = []
  const sources = resolveSources(request)
  const { numBeams, numReturnSequences } = sources[0]!.options
  const search: Search = {
    stepper,
    sources,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 32),
    signal,
    onLogits: returnLogits ? (logits) => stepLogits.push(logits.slice()) : undefined,
  }
  const prompts = (prompt.given ?? prompt.ids).flatMap((ids) =>
    Array.from({ length: numReturnSequences }, () => Array.from(ids)),
  )
  throwIfAborted(signal)
  yield { isPrompt: true, tokens: prompts }
  const found = numBeams > 1 ? await beamSearch(search) : yield* sample(search)
  throwIfAborted(signal)
  const texts = found.rows.map((row, index) => [...prompts[index]!, ...row])
  const lengths = texts.map(({ length }) => length)
  const longest = Math.max(...lengths)
  return {
    sequences: texts.map((text) => [...text, ...new Array<number>(longest - text.length).fill(found.fill)]),
    lengths,
    ...(found.scores && { sequencesScores: [...found.scores] }),
    ...(returnLogits && { stepLogits }),
  }
}

function resolveSources({
  stepper,
  prompt,
  options,
  positions,
  sourceIds,
}: GenerationRequest): SearchSource[] {
  const limits: ModelLimits = { vocabSize: stepper.vocabSize, positions }
  if (prompt.ids.length === 0) throw invalid('EMPTY_BATCH', 'prompts', 'at least one', 'none')
  return prompt.ids.map((ids, index) => {
    if (ids.length === 0 && !prompt.embeddings)
      optionInvalid('prompts', Array.from(ids), 'at least one token')
    checkVocabulary('prompts', ids, limits)
    const resolved = resolveOptions(options, ids.length, limits)
    return { prompt: ids, options: resolved, processors: processorsOf(resolved, index, sourceIds) }
  })
}

/** The processors of each beam of source `index`. */
function processorsOf(
  options: ResolvedOptions,
  index: number,
  sourceIds: readonly Int32Array[] | undefined,
): readonly (readonly Processor[])[] {
  const { numBeams, encoderRepetitionPenalty } = options
  const source = sourceIds?.[index]
  if (numBeams === 1 || encoderRepetitionPenalty === 1)
    return new Array<readonly Processor[]>(numBeams).fill(createProcessors(options, source, source))
  // transformers applies the penalty of source i to row i of the batch, not to all beams of the source.
  return Array.from({ length: numBeams }, (_, beam) =>
    createProcessors(options, source, sourceIds?.[index * numBeams + beam]),
  )
}
