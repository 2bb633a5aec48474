import { invalid, show } from '../errors.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { DecodeOptions } from '../text/encoding.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { attempt } from '../values.js'
import type { GenerationStep } from './search.js'
import { TextStream } from './text-stream.js'

/** Receives tokens while they are generated. Passed as the option `streamer`, as in transformers.js. */
export abstract class BaseStreamer {
  /** Called before the prompt. An earlier call that failed had no end(), so its state is to be dropped here. */
  begin?(): void | Promise<void>
  /** Called with the prompt and then with the tokens of each step: a list for each row, empty if the row has ended. */
  abstract put(tokens: readonly (readonly number[])[]): void | Promise<void>
  /** Called after the last token. Not called if generation fails or is aborted. */
  abstract end(): void | Promise<void>
}

/** Options of {@link TextStreamer}, under the names of transformers.js. */
export interface TextStreamerOptions {
  /** Do not show the prompt. Default false. */
  readonly skip_prompt?: boolean | undefined
  /** Do not show special tokens. Default true. */
  readonly skip_special_tokens?: boolean | undefined
  /** Remove spaces before English punctuation. Default: the tokenizer's setting. */
  readonly clean_up_tokenization_spaces?: boolean | undefined
  /** Called with pieces of text, each of whole words. Default: writes them and a final newline to standard output. */
  readonly callback_function?: ((text: string) => void) | undefined
  /** Called with the tokens of each step. */
  readonly token_callback_function?: ((tokens: readonly number[]) => void) | undefined
}

const flagNames = ['skip_prompt', 'skip_special_tokens', 'clean_up_tokenization_spaces'] as const
const callbackNames = ['callback_function', 'token_callback_function'] as const

/**
 * Decodes tokens to text while they are generated.
 *
 * @example
 * const streamer = new TextStreamer(translate.tokenizer, { callback_function: (text) => response.write(text) })
 * await translate('forty-two', { streamer })
 */
export class TextStreamer extends BaseStreamer {
  readonly #text: TextStream
  readonly #options: TextStreamerOptions
  #isPrompt = true

  /** @throws OPTION_UNKNOWN, OPTION_INVALID, INPUT_INVALID */
  constructor(tokenizer: Tokenizer, options: TextStreamerOptions = {}) {
    super()
    if (attempt(() => typeof tokenizer.decode) !== 'function')
      throw invalid(
        'INPUT_INVALID',
        'TextStreamer: tokenizer',
        'the tokenizer of a pipeline',
        show(tokenizer),
      )
    this.#options = checkStreamerOptions(options)
    this.#text = new TextStream(tokenizer, decodeOptions(this.#options))
  }

  override begin(): void {
    this.#isPrompt = true
    this.#text.end()
  }

  /** @throws OPTION_INVALID for more than one row */
  put(tokens: readonly (readonly number[])[]): void {
    const row = onlyRow(tokens)
    const skipped = this.#isPrompt && this.#options.skip_prompt === true
    this.#isPrompt = false
    if (skipped) return
    this.#options.token_callback_function?.(row)
    for (const token of row) this.#show(this.#text.push(token))
  }

  end(): void {
    this.#show(this.#text.end())
    if (!this.#options.callback_function) process.stdout.write('\n')
  }

  #show(text: string): void {
    if (text === '') return
    if (this.#options.callback_function) this.#options.callback_function(text)
    else process.stdout.write(text)
  }
}

function checkStreamerOptions(given: TextStreamerOptions): TextStreamerOptions {
  const options = checkOptions(given, [...flagNames, ...callbackNames], 'TextStreamer')
  for (const name of flagNames)
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      optionInvalid(`TextStreamer: ${name}`, options[name], 'true or false')
  for (const name of callbackNames)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      optionInvalid(`TextStreamer: ${name}`, options[name], 'a function')
  return options
}

/** The tokens of the only row: text of several rows would be mixed up. @throws OPTION_INVALID */
function onlyRow(tokens: readonly (readonly number[])[]): readonly number[] {
  if (tokens.length !== 1)
    throw invalid('OPTION_INVALID', 'stream of text', 'one text and one sequence', `${tokens.length} rows`)
  return tokens[0]!
}

function decodeOptions(options: TextStreamerOptions): DecodeOptions {
  const { skip_special_tokens: skipSpecialTokens = true, clean_up_tokenization_spaces: cleanUp } = options
  return { skipSpecialTokens, ...(cleanUp !== undefined && { cleanUpTokenizationSpaces: cleanUp }) }
}

/**
 * The text of one row, in pieces of whole words, as its tokens come; joined they are what decode() gives.
 * @param skipped how many tokens of the prompt are left out
 */
export async function* streamText(
  steps: AsyncIterable<GenerationStep>,
  tokenizer: Tokenizer,
  skipped = 0,
): AsyncGenerator<string, void> {
  const stream = new TextStream(tokenizer, { skipSpecialTokens: true })
  for await (const { tokens, isPrompt } of steps)
    for (const token of onlyRow(tokens).slice(isPrompt ? skipped : 0)) {
      const text = stream.push(token)
      if (text !== '') yield text
    }
  const rest = stream.end()
  if (rest !== '') yield rest
}
