import { checkSignal, throwIfAborted } from '../abort.js'
import { invalid, type SaccadeError } from '../errors.js'
import type { GenerationResult } from '../generation/generate.js'
import { checkListeners, checkNoBeams, listen, type TokenListeners } from '../generation/listen.js'
import { type GenerationOptions, type GivenOptions, mergeOptions } from '../generation/options.js'
import { generationOptionNames } from '../generation/rules.js'
import { type GenerationInput, type GenerationRun, runGeneration } from '../generation/run.js'
import type { GenerationStep } from '../generation/search.js'
import { checkOptions } from '../options.js'
import { openSession } from '../runtime/session.js'
import { Model, type ModelParts } from './model.js'

/** Options of {@link GenerativeModel.stream}. Defaults are those of the model's generation_config.json. */
export interface StreamOptions extends GivenOptions, Omit<GenerationRun, 'session'> {
  /** Number of CPU threads. Default: that of the model's session. */
  readonly threads?: number | undefined
}

/** Options of {@link GenerativeModel.generate}. */
export interface GenerateOptions extends StreamOptions, TokenListeners {}

const streamOptionNames = [...generationOptionNames, 'useCache', 'returnLogits', 'signal', 'threads']

/** A model that generates text. A subclass implements {@link begin}; generation itself is the same for all. */
export abstract class GenerativeModel<Inputs extends object> extends Model {
  /** Generation options of the model's files. */
  readonly generationDefaults: GivenOptions

  constructor(parts: ModelParts, generationDefaults: GivenOptions) {
    super(parts)
    this.generationDefaults = generationDefaults
  }

  /**
   * Checks the inputs and makes the decoder and the prompt for them. Its tensors may be lazy.
   * @param options the options of the call, merged with the model's defaults
   */
  abstract begin(inputs: Inputs, options: GenerationOptions): Promise<GenerationInput>

  /**
   * Generates text by greedy search, sampling or beam search.
   * @returns token ids, prompt included; shorter rows are padded
   * @throws what run() throws; OPTION_UNKNOWN, OPTION_INVALID, TOKEN_OUT_OF_RANGE for options; TEXT_TOO_LONG for a text
   *   longer than the model's positions; TASK_UNSUPPORTED for a model without a language-model head; ABORTED
   */
  async generate(inputs: Inputs, options: GenerateOptions = {}): Promise<GenerationResult> {
    checkOptions(options, [...streamOptionNames, 'onToken', 'streamer'], 'generate()')
    const { onToken, streamer, ...rest } = options
    checkListeners({ onToken, streamer }, this.#numBeams(options))
    const result = await listen(this.#steps(inputs, rest), { onToken, streamer })
    // The last call of a listener may have aborted.
    throwIfAborted(options.signal)
    return result
  }

  /**
   * Generates text and yields the tokens of each step. A step is computed when it is requested; leaving the loop ends the
   * generation.
   * @throws as {@link generate}; OPTION_INVALID for beam search
   */
  async *stream(
    inputs: Inputs,
    options: StreamOptions = {},
  ): AsyncGenerator<GenerationStep, GenerationResult> {
    checkOptions(options, streamOptionNames, 'stream()')
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
    checkSignal(signal)
    const options = mergeOptions(this.generationDefaults, given)
    const session = openSession({ ...this.session, threads })
    const input = await this.begin(inputs, options)
    return yield* runGeneration(input, options, { useCache, returnLogits, signal, session })
  }
}
