import type { Side } from './settings.js'
import type { Part } from './tokenizer-json/post-processors.js'

/** What each kind of tokenizer implements. Tokenizer adds options, truncation and padding. */
export interface TokenizerCore {
  /** One past the largest token id. */
  readonly size: number
  /** Which text keeps the odd token when two texts are truncated; the reference libraries differ. */
  readonly cut: CutRule
  /** Whether a pair whose second text is empty counts as one text, as in the tokenizers library. */
  readonly ignoresEmptyPair: boolean
  /**
   * Ids of one text, without special tokens.
   * @param target whether it is in the language a translator writes
   * @param room what truncation keeps: the tokenizers library does not encode the words outside of it
   */
  ids(text: string, target?: boolean, room?: Room): number[]
  /** How many special tokens `assemble` adds. */
  added(pair: boolean): number
  /**
   * Joins one or two texts, with special tokens if asked.
   * @param language the token that {@link languageId} gave, if there is one
   */
  assemble(first: number[], second: number[] | undefined, addSpecialTokens: boolean, language?: number): Part
  /**
   * The token of a language, in tokenizers of translators of many languages.
   * @param code default: the language that the files name for sources or targets
   * @throws OPTION_INVALID
   */
  languageId?(code: string | undefined, target: boolean): number
  decode(ids: readonly number[], skipSpecialTokens: boolean): string
  id(token: string): number | undefined
  token(id: number): string | undefined
}

/** At most so many tokens, cut on a side. */
export interface Room {
  readonly tokens: number
  readonly cut: Side
}

/** `even`: the longer text keeps the odd token. `first`: the first text keeps it. */
export type CutRule = 'even' | 'first'
