import type { Tokenizer } from '../text/tokenizer.js'

export interface TextStreamOptions {
  /** Default true. */
  skipSpecialTokens?: boolean
}

/**
 * Text from tokens as they come. Gives out whole words only: what push() returned may be shown and will not change.
 * All it gives, joined, is what decode() gives for all tokens without the cleaning of spaces, which would take back
 * spaces already shown.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer
  readonly #skipSpecialTokens: boolean
  /** The tokens that the next may change the look of: those of the last full text, and those after it. */
  #tokens: number[] = []
  #settled = 0
  #waiting = ''

  constructor(tokenizer: Tokenizer, { skipSpecialTokens = true }: TextStreamOptions = {}) {
    this.#tokenizer = tokenizer
    this.#skipSpecialTokens = skipSpecialTokens
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
    return this.#takeWords()
  }

  /** Returns the text still held back, and forgets all tokens. */
  end(): string {
    const before = this.#decode(this.#tokens.slice(0, this.#settled))
    const rest = this.#waiting + this.#decode(this.#tokens).slice(before.length)
    this.#tokens = []
    this.#settled = 0
    this.#waiting = ''
    return rest
  }

  #decode(tokens: number[]): string {
    const skipSpecialTokens = this.#skipSpecialTokens
    return this.#tokenizer.decode(tokens, { skipSpecialTokens, cleanUpTokenizationSpaces: false })
  }

  /** A word is over where whitespace follows; ideographs and kana are words by themselves. */
  #takeWords(): string {
    const complete = /^[\s\S]*(?:\s|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/u.exec(
      this.#waiting,
    )
    const words = complete?.[0] ?? ''
    this.#waiting = this.#waiting.slice(words.length)
    return words
  }
}
