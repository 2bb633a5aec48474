import { invalid, type SaccadeError } from '../errors.js'
import type { GenerationResult } from '../generation/generate.js'
import { checkListeners, checkNoBeams, listen, type TokenListeners } from '../generation/listen.js'
import { type GenerationOptions, type GivenOptions, mergeOptions } from '../generation/options.js'
import { type GenerationInput, type GenerationRun, runGeneration } from '../generation/run.js'
import type { GenerationStep } from '../generation/search.js'
import { openSession } from '../runtime/session.js'
import { Model, type ModelParts } from './model.js'

/** Options of {@link GenerativeModel.stream}; what is left out is as the model's generation_config.json says. */
export interface StreamOptions extends GivenOptions, Omit<GenerationRun, 'session'> {
  /** Threads that the steps may use. Default: the model's. */
  readonly threads?: number | undefined
}

/** Options of {@link GenerativeModel.generate}. */
export interface GenerateOptions extends StreamOptions, TokenListeners {}

/** A model that writes text: it says how it begins, and generates as all others do. */
export abstract class GenerativeModel<Inputs extends object> extends Model {
  /** How it generates unless told otherwise. */
  readonly generationDefaults: GivenOptions

  constructor(parts: ModelParts, generationDefaults: GivenOptions) {
    super(parts)
    this.generationDefaults = generationDefaults
  }

  /**
   * Checks the inputs, and makes of them what text is generated from. Nothing needs to be computed yet.
   * @param options of the call, with the model's defaults
   */
  abstract begin(inputs: Inputs, options: GenerationOptions): Promise<GenerationInput>

  /**
   * Generates texts: greedy, sampled, or by beam search.
   * @returns token ids, prompt included; rows that ended are filled with padding
   * @throws what run() throws; OPTION_UNKNOWN, OPTION_INVALID, TOKEN_OUT_OF_RANGE for options; TEXT_TOO_LONG for a text
   *   longer than the model has positions; TASK_UNSUPPORTED for a model that has no head to write with; ABORTED
   */
  async generate(inputs: Inputs, options: GenerateOptions = {}): Promise<GenerationResult> {
    const { onToken, streamer, ...rest } = options
    checkListeners({ onToken, streamer }, this.#numBeams(options))
    return await listen(this.#steps(inputs, rest), { onToken, streamer })
  }

  /**
   * Generates texts, and yields their tokens as they are chosen. It goes on when the next step is asked for; leaving
   * the loop ends it.
   * @throws as {@link generate}; OPTION_INVALID with beams
   */
  async *stream(
    inputs: Inputs,
    options: StreamOptions = {},
  ): AsyncGenerator<GenerationStep, GenerationResult> {
    checkNoBeams(this.#numBeams(options), 'stream()')
    return yield* this.#steps(inputs, options)
  }

  /** The error of begin() for a class of the library that has no head. */
  protected headless(): SaccadeError {
    const { checkpoint, info } = this
    return invalid('TASK_UNSUPPORTED', checkpoint.path, 'a class with a head to write with', info.layout)
  }

  #numBeams(options: GivenOptions): number | undefined {
    return mergeOptions(this.generationDefaults, { numBeams: options.numBeams }).numBeams
  }

  async *#steps(
    inputs: Inputs,
    { useCache, returnLogits, signal, threads = this.session.threads, ...given }: StreamOptions,
  ): AsyncGenerator<GenerationStep, GenerationResult> {
    this.checkAlive()
    const options = mergeOptions(this.generationDefaults, given)
    const session = openSession({ ...this.session, threads })
    const input = await this.begin(inputs, options)
    return yield* runGeneration(input, options, { useCache, returnLogits, signal, session })
  }
}
