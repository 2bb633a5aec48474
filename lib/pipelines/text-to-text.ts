import { type SnakeCase, snakeCase } from '../case.js'
import { invalid, show } from '../errors.js'
import { type GenerationOptions, generationOptionNames } from '../generation/options.js'
import type { Model } from '../models/model.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { asList, type CallOptions } from './base.js'
import { encodeTexts } from './feature-extraction.js'

/** Options of generation under the names of transformers.js: max_new_tokens, num_beams, and so on. */
export type GenerationCallOptions = {
  readonly [Name in keyof GenerationOptions as SnakeCase<Name>]?: GenerationOptions[Name]
}

export interface TextToTextOptions extends CallOptions, GenerationCallOptions {
  /** Cut texts to the model's limit instead of throwing TEXT_TOO_LONG. Default false. */
  readonly truncation?: boolean | undefined
}

/** An encoder-decoder that writes. */
export interface GeneratingModel extends Model {
  generate(
    source: { readonly inputIds: Tensor<'int64'>; readonly attentionMask: Tensor<'int64'> },
    options: GenerationOptions & CallOptions,
  ): Promise<{ readonly sequences: readonly (readonly number[])[] }>
}

/** Texts of one native run. */
const textsPerRun = 16

/** Writes a text for each text; the base of translation, which differs in the name of the result alone. */
abstract class Generation<Result> {
  abstract readonly task: string
  readonly model: GeneratingModel
  readonly tokenizer: Tokenizer

  constructor(model: GeneratingModel, tokenizer: Tokenizer) {
    this.model = model
    this.tokenizer = tokenizer
  }

  protected abstract result(text: string): Result

  /** One text or a list; either gives a list of results, in order; num_return_sequences of them for each text. */
  async call(texts: string | readonly string[], options: TextToTextOptions = {}): Promise<Result[]> {
    const { signal, truncation = false, ...rest } = options
    const generation = toCamelCase(rest, this.task)
    const { list } = asList<string>(texts, (text) => typeof text === 'string', 'a string', this.task)
    const results: Result[] = []
    for (let start = 0; start < list.length; start += textsPerRun) {
      const { inputIds, attentionMask } = encodeTexts(
        this.tokenizer,
        list.slice(start, start + textsPerRun),
        truncation,
        this.task,
      )
      const { sequences } = await this.model.generate({ inputIds, attentionMask }, { ...generation, signal })
      for (const ids of sequences)
        results.push(this.result(this.tokenizer.decode(ids, { skipSpecialTokens: true })))
    }
    return results
  }
}

/** English to Russian and the like: [{ translation_text }]. */
export class Translation extends Generation<{ readonly translation_text: string }> {
  readonly task = 'translation'

  protected result(text: string) {
    return { translation_text: text }
  }
}

/** Any text to any text: [{ generated_text }]. */
export class TextToText extends Generation<{ readonly generated_text: string }> {
  readonly task = 'text2text-generation'

  protected result(text: string) {
    return { generated_text: text }
  }
}

const camelNames = new Map(generationOptionNames.map((name) => [snakeCase(name), name]))

/** @throws OPTION_UNKNOWN naming the options there are */
function toCamelCase(options: GenerationCallOptions, what: string): GenerationOptions {
  const entries = Object.entries(options).map(([name, value]) => {
    const camel = camelNames.get(name)
    if (!camel)
      throw invalid(
        'OPTION_UNKNOWN',
        what,
        `one of the options ${[...camelNames.keys(), 'truncation', 'signal'].join(', ')}`,
        show(name),
      )
    return [camel, value]
  })
  return Object.fromEntries(entries) as GenerationOptions
}
