import type { DecodeOptions, Tokenizer } from '../text/tokenizer.js'
import { cleanUpSpaces } from '../text/unicode.js'

/** Ideographs and kana, which are words by themselves. */
const ideograph = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`

/** What is complete of a text: a word is over where whitespace follows. */
const words = new RegExp(String.raw`^[^]*(?:\s|${ideograph})`, 'u')

/**
 * The same where spaces before punctuation are still to be taken back: the whitespace waits for what follows it, and so
 * does an apostrophe between spaces.
 */
const wordsToCleanUp = new RegExp(String.raw`^[^]*(?:\S(?<! ')(?=\s)|${ideograph})`, 'u')

/**
 * Text from tokens as they come. Gives out whole words only: what push() returned may be shown and will not change.
 * All it gives, joined, is what decode() gives for all tokens.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer
  readonly #options: DecodeOptions
  readonly #cleansUp: boolean
  /** The tokens that the next may change the look of: those of the last full text, and those after it. */
  #tokens: number[] = []
  #settled = 0
  #waiting = ''

  /** @param options as for decode(), with its defaults */
  constructor(tokenizer: Tokenizer, options: DecodeOptions = {}) {
    this.#tokenizer = tokenizer
    this.#options = { ...options, cleanUpTokenizationSpaces: false }
    this.#cleansUp = options.cleanUpTokenizationSpaces ?? tokenizer.cleanUpTokenizationSpaces
  }

  /** Takes the next token; returns the text that is complete now, often none. */
  push(token: number): string {
    this.#tokens.push(token)
    const before = this.#decode(this.#tokens.slice(0, this.#settled))
    const text = this.#decode(this.#tokens)
    // U+FFFD at the end: the bytes of a character are not all there yet.
    if (text.length <= before.length || text.endsWith('\uFFFD')) return ''
    this.#waiting += text.slice(before.length)
    this.#tokens = this.#tokens.slice(this.#settled)
    this.#settled = this.#tokens.length
    const complete = (this.#cleansUp ? wordsToCleanUp : words).exec(this.#waiting)
    return this.#take(complete?.[0].length ?? 0)
  }

  /** Returns the text still held back, and forgets all tokens. */
  end(): string {
    const before = this.#decode(this.#tokens.slice(0, this.#settled))
    this.#waiting += this.#decode(this.#tokens).slice(before.length)
    this.#tokens = []
    this.#settled = 0
    return this.#take(this.#waiting.length)
  }

  #decode(tokens: number[]): string {
    return this.#tokenizer.decode(tokens, this.#options)
  }

  #take(length: number): string {
    const text = this.#waiting.slice(0, length)
    this.#waiting = this.#waiting.slice(length)
    return this.#cleansUp ? cleanUpSpaces(text) : text
  }
}
