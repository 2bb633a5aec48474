import { invalid } from '../errors.js'
import { mergeOptions } from '../generation/options.js'
import { fromLibraryOptions } from '../generation/rules.js'
import { checkFlags } from '../options.js'
import { textName } from '../text/text-name.js'
import { type EncodedTexts, Generation, type StreamerOptions, type TextStreamOptions } from './generation.js'
import { encodeRows, idTensor } from './texts.js'

/** Options of a stream of text that continues another. */
export interface TextGenerationStreamOptions extends TextStreamOptions {
  /** Begin with the text that is continued. Default true. */
  readonly return_full_text?: boolean | undefined
  /** Add the special tokens that the tokenizer puts around texts. Default true. */
  readonly add_special_tokens?: boolean | undefined
}

export interface TextGenerationOptions extends TextGenerationStreamOptions, StreamerOptions {}

/** A generated text. */
export interface GeneratedText {
  readonly generated_text: string
}

/** Continues texts. */
export class TextGeneration extends Generation {
  readonly task = 'text-generation'

  /** One text gives a list of num_return_sequences results; a list of texts a list of such lists. */
  async call(text: string, options?: TextGenerationOptions): Promise<GeneratedText[]>
  async call(texts: readonly string[], options?: TextGenerationOptions): Promise<GeneratedText[][]>
  async call(texts: string | readonly string[], options: TextGenerationOptions = {}) {
    const written = await this.write(texts, options)
    const results = written.map((list) => list.map((text) => ({ generated_text: text })))
    return typeof texts === 'string' ? results[0]! : results
  }

  override stream(text: string, options: TextGenerationStreamOptions = {}): AsyncGenerator<string, void> {
    return super.stream(text, options)
  }

  protected override get optionNames(): readonly string[] {
    return [...super.optionNames, 'return_full_text', 'add_special_tokens']
  }

  /** Padded on the left, as decoders need no padding token. A text without tokens begins as the model begins texts. */
  protected override async encode(
    texts: readonly string[],
    options: TextGenerationStreamOptions,
    first: number,
  ): Promise<EncodedTexts> {
    checkFlags(options, ['return_full_text', 'add_special_tokens', 'truncation'], this.task)
    const { truncation = false, return_full_text: whole = true, add_special_tokens: special = true } = options
    const { signal } = options
    const encodeOptions = { truncation, addSpecialTokens: special, signal, first }
    const encoded = await encodeRows(this.tokenizer, texts, encodeOptions, this.task)
    const rows = encoded.map(({ inputIds: ids }, text) =>
      ids.length > 0 ? ids : [this.#firstToken(textName(first + text, texts.length), options)],
    )
    const longest = Math.max(...rows.map(({ length }) => length))
    const padded = (row: readonly number[]) => [...new Array<number>(longest - row.length).fill(0), ...row]
    return {
      inputs: {
        inputIds: idTensor(rows.map(padded)),
        attentionMask: idTensor(rows.map((row) => padded(row.map(() => 1)))),
      },
      skipped: rows.map((row) => (whole ? longest - row.length : longest)),
    }
  }

  #firstToken(which: string, options: TextGenerationStreamOptions): number {
    const { bosTokenId } = mergeOptions(this.model.generationDefaults, fromLibraryOptions({ ...options }))
    if (bosTokenId !== undefined) return bosTokenId
    throw invalid(
      'INPUT_INVALID',
      `${this.task}: ${which}`,
      'tokens, or a bos_token_id to begin with',
      'neither',
    )
  }
}
