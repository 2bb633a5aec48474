import type { SnakeCase } from '../case.js'
import { invalid, show } from '../errors.js'
import type { GenerationOptions } from '../generation/options.js'
import { fromLibraryOptions, libraryOptionNames } from '../generation/rules.js'
import type { BaseStreamer } from '../generation/streamer.js'
import { streamText } from '../generation/streamer.js'
import type { GenerativeModel } from '../models/generative.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { asList, type CallOptions } from './base.js'
import { encodeTexts } from './feature-extraction.js'

/**
 * Options of generation under the names of transformers.js: max_new_tokens, num_beams, and so on. null removes the
 * model's default.
 */
export type GenerationCallOptions = {
  readonly [Name in keyof GenerationOptions as SnakeCase<Name>]?: GenerationOptions[Name] | null | undefined
}

/** Options of a stream of text. */
export interface TextStreamOptions extends CallOptions, GenerationCallOptions {
  /** Truncate texts to the model's limit instead of throwing TEXT_TOO_LONG. Default false. */
  readonly truncation?: boolean | undefined
}

export interface TextToTextOptions extends TextStreamOptions {
  /** Receives tokens as they are generated, for example a TextStreamer. For one text, without beam search. */
  readonly streamer?: BaseStreamer | undefined
}

/** Inputs of encoder-decoder models that generate text. */
export interface SourceTexts {
  readonly inputIds: Tensor<'int64'>
  readonly attentionMask: Tensor<'int64'>
}

/** Texts of one batch. */
const textsPerRun = 16

const streamOptionNames = [...libraryOptionNames.keys(), 'truncation', 'signal']
const optionNames = [...streamOptionNames, 'streamer']

/** Generates a text for each input text. The subclasses differ only in the name of the result's field. */
abstract class Generation<Result> {
  abstract readonly task: string
  readonly model: GenerativeModel<SourceTexts>
  readonly tokenizer: Tokenizer

  constructor(model: GenerativeModel<SourceTexts>, tokenizer: Tokenizer) {
    this.model = model
    this.tokenizer = tokenizer
  }

  protected abstract result(text: string): Result

  /** Returns a list of results in the order of the texts: num_return_sequences results for each text. */
  async call(texts: string | readonly string[], options: TextToTextOptions = {}): Promise<Result[]> {
    checkOptions(options, optionNames, this.task)
    const { signal, streamer, truncation = false, ...rest } = options
    const generation = fromLibraryOptions(rest)
    const { list } = asList<string>(texts, (text) => typeof text === 'string', 'a string', this.task)
    if (streamer && list.length > 1)
      throw invalid('OPTION_INVALID', `${this.task}: streamer`, 'one text', `${list.length} texts`)
    const results: Result[] = []
    for (let start = 0; start < list.length; start += textsPerRun) {
      const inputs = this.#encode(list.slice(start, start + textsPerRun), truncation)
      const { sequences } = await this.model.generate(inputs, { ...generation, signal, streamer })
      for (const ids of sequences)
        results.push(this.result(this.tokenizer.decode(ids, { skipSpecialTokens: true })))
    }
    return results
  }

  /**
   * Generates text and yields it in pieces of whole words. The pieces joined are the text that a call returns. Each
   * token is generated when the next piece is requested; leaving the loop ends the generation.
   * @throws as a call; OPTION_INVALID for beam search or several sequences
   */
  async *stream(text: string, options: TextStreamOptions = {}): AsyncGenerator<string, void> {
    checkOptions(options, streamOptionNames, `${this.task}.stream`)
    const { signal, truncation = false, ...rest } = options
    const generation = fromLibraryOptions(rest)
    if (typeof text !== 'string')
      throw invalid('INPUT_INVALID', `${this.task}.stream`, 'one text as a string', show(text))
    const inputs = this.#encode([text], truncation)
    yield* streamText(this.model.stream(inputs, { ...generation, signal }), this.tokenizer)
  }

  #encode(texts: readonly string[], truncation: boolean): SourceTexts {
    const { inputIds, attentionMask } = encodeTexts(this.tokenizer, texts, truncation, this.task)
    return { inputIds, attentionMask }
  }
}

/** Translation. Results: [{ translation_text }]. */
export class Translation extends Generation<{ readonly translation_text: string }> {
  readonly task = 'translation'

  protected result(text: string) {
    return { translation_text: text }
  }
}

/** Text-to-text generation. Results: [{ generated_text }]. */
export class TextToText extends Generation<{ readonly generated_text: string }> {
  readonly task = 'text2text-generation'

  protected result(text: string) {
    return { generated_text: text }
  }
}
