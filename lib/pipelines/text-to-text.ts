import { checkFlags } from '../options.js'
import { type EncodedTexts, Generation, type StreamerOptions, type TextStreamOptions } from './generation.js'
import type { GeneratedText } from './text-generation.js'
import { encodeTexts } from './texts.js'

export interface TextToTextOptions extends TextStreamOptions, StreamerOptions {}

/** A translation. */
export interface TranslationOutput {
  readonly translation_text: string
}

/** Generates a text from each text. The tasks differ only in the name of the result. */
export abstract class Rewriting<Result> extends Generation {
  protected abstract result(text: string): Result

  /** Returns a list of results in the order of the texts: num_return_sequences results for each text. */
  async call(texts: string | readonly string[], options: TextToTextOptions = {}): Promise<Result[]> {
    const written = await this.write(texts, options)
    return written.flat().map((text) => this.result(text))
  }

  protected override async encode(
    texts: readonly string[],
    { truncation = false, signal }: TextStreamOptions,
    first: number,
  ): Promise<EncodedTexts> {
    checkFlags({ truncation }, ['truncation'], this.task)
    const { inputIds, attentionMask } = await encodeTexts(
      this.tokenizer,
      texts,
      { truncation, signal, first },
      this.task,
    )
    return { inputs: { inputIds, attentionMask }, skipped: texts.map(() => 0) }
  }
}

/** English to Russian and the like: [{ translation_text }]. */
export class Translation extends Rewriting<TranslationOutput> {
  readonly task = 'translation'

  protected result(text: string) {
    return { translation_text: text }
  }
}

/** Any text to any text: [{ generated_text }]. */
export class TextToText extends Rewriting<GeneratedText> {
  readonly task = 'text2text-generation'

  protected result(text: string) {
    return { generated_text: text }
  }
}
