import type { Turns } from '../../turns.js'
import type { TokenizerSettings } from '../settings.js'
import { type AddedToken, AddedTokenFinder, type Section } from '../tokenizer-json/added-tokens.js'

/**
 * The added and special tokens of a tokenizer without tokenizer.json. They are found in the text before the model runs,
 * and the model does not decode them.
 */
export class SpecialTokens {
  readonly #finder: AddedTokenFinder
  readonly #ids = new Map<string, number>()
  readonly #tokens = new Map<number, AddedToken>()
  readonly #special: ReadonlySet<string>
  readonly #separate: ReadonlySet<string>

  /** @param idOf gives the vocabulary's id of a token; tokens without one get ids from `size` on */
  static async create(
    settings: TokenizerSettings,
    idOf: (token: string) => number | undefined,
    size: number,
    turns: Turns,
  ): Promise<SpecialTokens> {
    const finder = await AddedTokenFinder.create(settings.addedTokens, turns)
    return new SpecialTokens(settings, idOf, size, finder)
  }

  private constructor(
    settings: TokenizerSettings,
    idOf: (token: string) => number | undefined,
    size: number,
    finder: AddedTokenFinder,
  ) {
    let next = size
    for (const token of settings.addedTokens) {
      const id = token.id ?? idOf(token.content) ?? next
      next = Math.max(next, id + 1)
      this.#ids.set(token.content, id)
      this.#tokens.set(id, token)
    }
    this.#finder = finder
    this.#special = new Set([...Object.values(settings.specialTokens), ...settings.additionalTokens])
    // Separated by spaces in decoded text: added tokens that are not special, and special ones past the vocabulary.
    this.#separate = new Set([
      ...settings.addedTokens.map((token) => token.content).filter((content) => !this.#special.has(content)),
      ...settings.additionalTokens.filter((content) => this.#ids.get(content)! >= size),
    ])
  }

  /** One past the largest id of an added token. */
  get size(): number {
    let size = 0
    for (const id of this.#tokens.keys()) size = Math.max(size, id + 1)
    return size
  }

  split(text: string): Section[] {
    return this.#finder.split(text)
  }

  id(token: string): number | undefined {
    return this.#ids.get(token)
  }

  token(id: number): string | undefined {
    return this.#tokens.get(id)?.content
  }

  isSpecial(token: string): boolean {
    return this.#special.has(token)
  }

  /** Text of tokens. @param join decodes the tokens between two that are separated by spaces */
  toText(tokens: readonly string[], join: (tokens: string[]) => string): string {
    const parts: string[] = []
    let run: string[] = []
    for (const token of tokens) {
      if (!this.#separate.has(token)) {
        run.push(token)
        continue
      }
      const text = run.length > 0 ? join(run) : ''
      if (text !== '') parts.push(text)
      parts.push(token)
      run = []
    }
    if (run.length > 0) parts.push(join(run))
    return parts.join(' ')
  }
}
