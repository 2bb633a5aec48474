import { optionInvalid } from '../options.js'
import type { Session } from '../runtime/session.js'
import { CachedStepper } from './cached-stepper.js'
import type { Decoder, Prompt } from './decoder.js'
import { type GenerationResult, generate } from './generate.js'
import type { GenerationOptions } from './options.js'
import type { GenerationStep } from './search.js'
import { UncachedStepper } from './uncached-stepper.js'

/** What a model makes of its inputs, to generate from. */
export interface GenerationInput {
  readonly decoder: Decoder
  readonly prompt: Prompt
}

/** How a generation runs. */
export interface GenerationRun {
  readonly session: Session
  /** Ends the generation with code ABORTED. */
  readonly signal?: AbortSignal | undefined
  /** Keep keys and values of earlier positions. Default true; without, the result is the same and takes longer. */
  readonly useCache?: boolean | undefined
  /** Keep the raw logits of every step. Default false. */
  readonly returnLogits?: boolean | undefined
}

/**
 * Generates with a model's decoder, and lets go of what it holds in the end.
 * @param options with the model's defaults
 * @throws as {@link generate}; TEXT_TOO_LONG for a sequence longer than the model has positions
 */
export async function* runGeneration(
  { decoder, prompt }: GenerationInput,
  options: GenerationOptions,
  { useCache = true, returnLogits, signal, session }: GenerationRun,
): AsyncGenerator<GenerationStep, GenerationResult> {
  if (typeof useCache !== 'boolean') optionInvalid('useCache', useCache, 'true or false')
  const make = useCache ? CachedStepper : UncachedStepper
  const stepper = new make(decoder, prompt.embeddings, session)
  try {
    const sourceIds = await sourceTokens(decoder, prompt, options)
    const { positions } = decoder
    return yield* generate({ stepper, prompt, options, positions, sourceIds, returnLogits, signal })
  } finally {
    stepper.dispose()
  }
}

/** Where an option looks at them, the tokens that are generated from. */
async function sourceTokens(
  { memory }: Decoder,
  prompt: Prompt,
  { encoderRepetitionPenalty = 1, encoderNoRepeatNgramSize = 0 }: GenerationOptions,
): Promise<readonly Int32Array[] | undefined> {
  if (encoderRepetitionPenalty === 1 && encoderNoRepeatNgramSize === 0) return undefined
  return memory ? memory.ids?.() : prompt.ids
}
