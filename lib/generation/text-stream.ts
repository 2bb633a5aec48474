import type { DecodeOptions } from '../text/encoding.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { cleanUpSpaces } from '../text/unicode.js'

/** Ideographs and kana: no spaces separate them, so each counts as a word. */
const ideograph = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`

/** Matches the complete words at the start of a text: those that whitespace follows. */
const words = new RegExp(String.raw`^[^]*(?:\s|${ideograph})`, 'u')

/**
 * Matches the same if spaces before punctuation are to be removed: then whitespace, and an apostrophe between spaces, is
 * complete only when the text after it is known.
 */
const wordsToCleanUp = new RegExp(String.raw`^[^]*(?:\S(?<! ')(?=\s)|${ideograph})`, 'u')

/**
 * Decodes tokens incrementally. Returns whole words only, so text that push() returned never changes. All pieces joined
 * are the result of decode() for all tokens.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer
  readonly #options: DecodeOptions
  readonly #cleansUp: boolean
  /** The tokens needed to decode the next one: those of the last decoded piece, and the undecoded ones after it. */
  #tokens: number[] = []
  /** How many of them are decoded. */
  #decoded = 0
  /** Decoded text that is not returned yet. */
  #pending = ''

  /** @param options those of decode(), with the same defaults */
  constructor(tokenizer: Tokenizer, options: DecodeOptions = {}) {
    this.#tokenizer = tokenizer
    this.#options = { ...options, cleanUpTokenizationSpaces: false }
    this.#cleansUp = options.cleanUpTokenizationSpaces ?? tokenizer.cleanUpTokenizationSpaces
  }

  /** Decodes the next token. Returns the words that are complete now, often none. */
  push(token: number): string {
    this.#tokens.push(token)
    const before = this.#decode(this.#tokens.slice(0, this.#decoded))
    const text = this.#decode(this.#tokens)
    // U+FFFD at the end: the last character is incomplete, its other bytes are in the next tokens.
    if (text.length <= before.length || text.endsWith('\uFFFD')) return ''
    this.#pending += text.slice(before.length)
    this.#tokens = this.#tokens.slice(this.#decoded)
    this.#decoded = this.#tokens.length
    const complete = (this.#cleansUp ? wordsToCleanUp : words).exec(this.#pending)
    return this.#take(complete?.[0].length ?? 0)
  }

  /** Returns the remaining text and resets the stream. */
  end(): string {
    const before = this.#decode(this.#tokens.slice(0, this.#decoded))
    this.#pending += this.#decode(this.#tokens).slice(before.length)
    this.#tokens = []
    this.#decoded = 0
    return this.#take(this.#pending.length)
  }

  #decode(tokens: number[]): string {
    return this.#tokenizer.decode(tokens, this.#options)
  }

  #take(length: number): string {
    const text = this.#pending.slice(0, length)
    this.#pending = this.#pending.slice(length)
    return this.#cleansUp ? cleanUpSpaces(text) : text
  }
}
