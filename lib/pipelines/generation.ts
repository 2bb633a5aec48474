import { checkSignal } from '../abort.js'
import type { SnakeCase } from '../case.js'
import { invalid, show } from '../errors.js'
import type { GenerationOptions } from '../generation/options.js'
import { fromLibraryOptions, libraryOptionNames } from '../generation/rules.js'
import { type BaseStreamer, streamText } from '../generation/streamer.js'
import type { GenerativeModel } from '../models/generative.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { Turns } from '../turns.js'
import { isString } from '../values.js'
import { asList, type CallOptions } from './base.js'

/** Options of generation under the names of transformers.js: max_new_tokens, num_beams, and so on. null: none. */
export type GenerationCallOptions = {
  readonly [Name in keyof GenerationOptions as SnakeCase<Name>]?: GenerationOptions[Name] | null | undefined
}

/** Options of a stream of text. */
export interface TextStreamOptions extends CallOptions, GenerationCallOptions {
  /** Cut texts to the model's limit instead of throwing TEXT_TOO_LONG. Default false. */
  readonly truncation?: boolean | undefined
}

/** Options of a call that a stream does not have. */
export interface StreamerOptions {
  /** Receives tokens while they are generated, such as a TextStreamer. For one text, without beams. */
  readonly streamer?: BaseStreamer | undefined
}

/** Inputs of a generative model. */
export interface TextBatch {
  readonly inputIds: Tensor<'int64'>
  readonly attentionMask: Tensor<'int64'>
}

/** A batch of texts, ready to generate from. */
export interface EncodedTexts {
  readonly inputs: TextBatch
  /** For each text, the number of tokens at the start of its sequences that the result leaves out. */
  readonly skipped: readonly number[]
}

/** Texts of one native run. */
const textsPerRun = 16
/** Milliseconds of decoding results in one turn of the event loop. */
const decodeSliceMs = 5

/** A pipeline whose model generates text. */
export abstract class Generation {
  abstract readonly task: string
  readonly model: GenerativeModel<TextBatch>
  readonly tokenizer: Tokenizer

  constructor(model: GenerativeModel<TextBatch>, tokenizer: Tokenizer) {
    this.model = model
    this.tokenizer = tokenizer
  }

  /** The names of the options of a stream. */
  protected get optionNames(): readonly string[] {
    return [...libraryOptionNames.keys(), 'truncation', 'signal']
  }

  /** @param first the index of the first text, for errors */
  protected abstract encode(
    texts: readonly string[],
    options: TextStreamOptions,
    first: number,
  ): Promise<EncodedTexts>

  /** Generates for one text or a list: for each text the results, num_return_sequences of them, in order. */
  protected async write(
    texts: string | readonly string[],
    given: TextStreamOptions & StreamerOptions,
  ): Promise<string[][]> {
    const options = checkOptions(given, [...this.optionNames, 'streamer'], this.task)
    const { signal, streamer, seed } = options
    checkSignal(signal)
    const generation = fromLibraryOptions({ ...options })
    const { list } = asList(texts, isString, 'a string', this.task)
    if (streamer && list.length > 1)
      throw invalid('OPTION_INVALID', `${this.task}: texts with a streamer`, 'one', String(list.length))
    const results: string[][] = []
    const turns = new Turns(decodeSliceMs, signal)
    for (let start = 0; start < list.length; start += textsPerRun) {
      const { inputs, skipped } = await this.encode(list.slice(start, start + textsPerRun), options, start)
      // Every run counts its rows from 0: with one seed for all, equal texts of two runs would get equal results.
      const ofRun = typeof seed === 'number' ? { seed: seed + start } : {}
      const found = await this.model.generate(inputs, { ...generation, ...ofRun, signal, streamer })
      const decoded: string[] = []
      for (const [row, ids] of found.sequences.entries()) {
        const text = Math.floor((row * skipped.length) / found.sequences.length)
        const shown = ids.slice(skipped[text], found.lengths[row])
        decoded.push(this.tokenizer.decode(shown, { skipSpecialTokens: true }))
        await turns.step()
      }
      const perText = decoded.length / skipped.length
      skipped.forEach((_, text) => {
        results.push(decoded.slice(text * perText, (text + 1) * perText))
      })
    }
    return results
  }

  /**
   * Generates a text and yields it in pieces of whole words. Joined, they are the text that a call returns. A piece is
   * generated when it is requested; leaving the loop ends the generation.
   * @throws as a call; OPTION_INVALID for beams or several sequences, as only one text can be shown
   */
  async *stream(text: string, given: TextStreamOptions = {}): AsyncGenerator<string, void> {
    const options = checkOptions(given, this.optionNames, `${this.task}.stream`)
    checkSignal(options.signal)
    const generation = fromLibraryOptions({ ...options })
    if (typeof text !== 'string')
      throw invalid('INPUT_INVALID', `${this.task}.stream`, 'one text', show(text))
    const { inputs, skipped } = await this.encode([text], options, 0)
    const steps = this.model.stream(inputs, { ...generation, signal: options.signal })
    yield* streamText(steps, this.tokenizer, skipped[0])
  }
}
