import { optionInvalid } from '../../options.js'
import type { Room, TokenizerCore } from '../core.js'
import type { Part } from '../tokenizer-json/post-processors.js'

/** How a translator of many languages marks the language of a text. */
export interface LanguageMarks {
  /** The token of a language. */
  token(code: string): string
  /** Languages of texts that are encoded without one. A translator may have no target language of its own. */
  readonly source: string
  readonly target: string | undefined
  readonly eos: number
  /** Whether the language follows the end token, as in older models, or is in front of the text. */
  readonly isSuffix: boolean
}

/** The tokenizer of a translator of many languages (M2M100, NLLB): the token of the language, the text, the end token. */
export class Multilingual implements TokenizerCore {
  readonly #text: TokenizerCore
  readonly #marks: LanguageMarks

  /** @param text encodes texts, without the tokens around them */
  constructor(text: TokenizerCore, marks: LanguageMarks) {
    this.#text = text
    this.#marks = marks
  }

  get size(): number {
    return this.#text.size
  }

  get cut() {
    return this.#text.cut
  }

  get ignoresEmptyPair(): boolean {
    return this.#text.ignoresEmptyPair
  }

  /** @throws OPTION_INVALID for a language without a token, and if none is given and the files have none */
  languageId(code: string | undefined, target: boolean): number {
    const language = code ?? (target ? this.#marks.target : this.#marks.source)
    const id = language === undefined ? undefined : this.#text.id(this.#marks.token(language))
    return id ?? optionInvalid('language', language, "the code of one of the model's languages")
  }

  ids(text: string, target?: boolean, room?: Room): number[] {
    return this.#text.ids(text, target, room)
  }

  added(): number {
    return 2
  }

  assemble(first: number[], second: number[] = [], addSpecialTokens = true, language?: number): Part {
    const text = [...first, ...second]
    const { eos, isSuffix } = this.#marks
    const mark = language ?? this.languageId(undefined, false)
    const marked = isSuffix ? [...text, eos, mark] : [mark, ...text, eos]
    const ids = addSpecialTokens ? marked : text
    return { ids, typeIds: ids.map(() => 0) }
  }

  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    return this.#text.decode(ids, skipSpecialTokens)
  }

  id(token: string): number | undefined {
    return this.#text.id(token)
  }

  token(id: number): string | undefined {
    return this.#text.token(id)
  }
}
