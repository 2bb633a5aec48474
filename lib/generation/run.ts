import { optionInvalid } from '../options.js'
import type { Session } from '../runtime/session.js'
import { CachedStepper } from './cached-stepper.js'
import type { Decoder, Prompt } from './decoder.js'
import { type GenerationResult, generate } from './generate.js'
import type { GenerationOptions } from './options.js'
import type { GenerationStep } from './search.js'
import { UncachedStepper } from './uncached-stepper.js'

/** A model's decoder and prompt, made from the inputs of a call. */
export interface GenerationInput {
  readonly decoder: Decoder
  readonly prompt: Prompt
}

/** Settings of a run of generation that do not change the result. */
export interface GenerationRun {
  readonly session: Session
  /** Ends the generation with the error ABORTED. */
  readonly signal?: AbortSignal | undefined
  /** Use a key-value cache. Default true. Without it the result is the same and takes longer. */
  readonly useCache?: boolean | undefined
  /** Return the raw logits of every step. Default false. */
  readonly returnLogits?: boolean | undefined
}

/**
 * Generates with a model's decoder, and disposes the decoder's tensors at the end.
 * @param options merged with the model's defaults
 * @throws as {@link generate}; TEXT_TOO_LONG for a sequence longer than the model's positions
 */
export async function* runGeneration(
  { decoder, prompt }: GenerationInput,
  options: GenerationOptions,
  { useCache = true, returnLogits = false, signal, session }: GenerationRun,
): AsyncGenerator<GenerationStep, GenerationResult> {
  if (typeof useCache !== 'boolean') optionInvalid('useCache', useCache, 'true or false')
  if (typeof returnLogits !== 'boolean') optionInvalid('returnLogits', returnLogits, 'true or false')
  const StepperClass = useCache ? CachedStepper : UncachedStepper
  const stepper = new StepperClass(decoder, prompt.embeddings, session)
  try {
    const sourceIds = await sourceTokens(decoder, prompt, options)
    const { positions } = decoder
    return yield* generate({ stepper, prompt, options, positions, sourceIds, returnLogits, signal })
  } finally {
    stepper.dispose()
  }
}

/** Tokens of the sources, if an option needs them. */
async function sourceTokens(
  { memory }: Decoder,
  prompt: Prompt,
  { encoderRepetitionPenalty = 1, encoderNoRepeatNgramSize = 0 }: GenerationOptions,
): Promise<readonly Int32Array[] | undefined> {
  if (encoderRepetitionPenalty === 1 && encoderNoRepeatNgramSize === 0) return undefined
  return memory ? memory.ids?.() : prompt.ids
}
