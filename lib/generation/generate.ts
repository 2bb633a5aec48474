import { SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'
import { beamSearch } from './beam-search.js'
import { checkVocabulary, type GenerationOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { type SearchResult, sample, type TokenEvent } from './sample.js'
import type { Stepper } from './stepper.js'

/** A call of generate(): the options, and what belongs to the call alone. */
export interface GenerateCall extends GenerationOptions {
  /** How many sources the model generates for. Default: as many as prompts, or 1. */
  sources?: number
  /** What each source's rows start with, all of one length. Default: decoderStartTokenId, else bosTokenId. */
  prompts?: readonly (readonly number[])[]
  /** Keep the raw logits of every step. Default false. */
  returnLogits?: boolean
  /** Called with each token as it is chosen. Not with beams, where nothing is certain before the end. */
  onToken?: (event: TokenEvent) => void
  /** Ends the generation with code ABORTED. */
  signal?: AbortSignal
}

export interface GenerationResult {
  /** [sources * numReturnSequences] token ids, prompt included; shorter ones are filled with padding at the end. */
  sequences: number[][]
  /** With beams: of each sequence the sum of log probabilities / generated length ** lengthPenalty. */
  sequencesScores?: number[]
  /** With returnLogits: for every step [rows, vocabSize], before any processing. */
  stepLogits?: Float32Array[]
}

/**
 * Generates token sequences: greedy search, sampling, or beam search, with the results of transformers 4.57.
 * @throws OPTION_UNKNOWN, OPTION_INVALID, TOKEN_OUT_OF_RANGE, ABORTED, and what the stepper throws
 */
export async function generate(stepper: Stepper, call: GenerateCall = {}): Promise<GenerationResult> {
  const { onToken } = call
  const prepared = prepare(stepper, call)
  if (prepared.options.numBeams > 1) {
    if (onToken)
      optionInvalid('onToken', 'a function', 'none with numBeams above 1: beams are certain only at the end')
    return finish(await beamSearch(stepper, prepared.prompts, prepared.options, prepared.step), prepared)
  }
  const tokens = sample(stepper, prepared.prompts, prepared.options, prepared.step)
  for (;;) {
    const next = await tokens.next()
    if (next.done) return finish(next.value, prepared)
    onToken?.(next.value)
  }
}

/** generate() as an iterator over the tokens as they are chosen; it returns the result. */
export async function* generateTokens(
  stepper: Stepper,
  call: Omit<GenerateCall, 'onToken'> = {},
): AsyncGenerator<TokenEvent, GenerationResult> {
  const prepared = prepare(stepper, call)
  if (prepared.options.numBeams > 1)
    optionInvalid('numBeams', prepared.options.numBeams, '1, for beams are certain only at the end')
  const result = yield* sample(stepper, prepared.prompts, prepared.options, prepared.step)
  return finish(result, prepared)
}

interface Prepared {
  options: ResolvedOptions
  prompts: Int32Array[]
  stepLogits: Float32Array[] | undefined
  step: (tokens: Int32Array) => Promise<Float32Array>
}

function prepare(stepper: Stepper, call: GenerateCall): Prepared {
  const { sources, prompts: given, returnLogits = false, onToken: _, signal, ...options } = call
  const prompts = readPrompts(options, sources, given, stepper.vocabSize)
  const stepLogits: Float32Array[] | undefined = returnLogits ? [] : undefined
  return {
    options: resolveOptions(options, prompts[0]!.length, stepper.vocabSize),
    prompts,
    stepLogits,
    step: async (tokens) => {
      if (signal?.aborted)
        throw new SaccadeError('ABORTED', 'generation was aborted', { cause: signal.reason })
      const logits = await stepper.step(tokens, signal)
      stepLogits?.push(logits.slice())
      return logits
    },
  }
}

function readPrompts(
  options: GenerationOptions,
  sources: number | undefined,
  given: GenerateCall['prompts'],
  vocabSize: number,
): Int32Array[] {
  if (sources !== undefined && (!Number.isInteger(sources) || sources < 1))
    optionInvalid('sources', sources, 'a whole number of at least 1')
  if (given === undefined) {
    const start = options.decoderStartTokenId ?? options.bosTokenId
    if (start === undefined)
      return optionInvalid('prompts', given, 'prompts, or a decoderStartTokenId or bosTokenId to start from')
    checkVocabulary('decoderStartTokenId', [start], vocabSize)
    return Array.from({ length: sources ?? 1 }, () => Int32Array.of(start))
  }
  if (given.length === 0) throw new SaccadeError('EMPTY_BATCH', 'prompts: none to continue')
  if (sources !== undefined && sources !== given.length)
    optionInvalid('prompts', given, `${sources} of them, one for each source`)
  const length = given[0]!.length
  if (length === 0 || given.some((prompt) => prompt.length !== length))
    optionInvalid('prompts', given, 'token lists of one length, which is not 0')
  for (const prompt of given) checkVocabulary('prompts', prompt, vocabSize)
  return given.map((prompt) => Int32Array.from(prompt))
}

function finish({ sequences, scores }: SearchResult, { stepLogits }: Prepared): GenerationResult {
  const result: GenerationResult = { sequences }
  if (scores) result.sequencesScores = scores
  if (stepLogits) result.stepLogits = stepLogits
  return result
}
