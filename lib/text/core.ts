import type { Part } from './tokenizer-json/post-processors.js'

/** What each kind of tokenizer brings; Tokenizer adds options, truncation and padding. */
export interface TokenizerCore {
  /** One past the largest token id. */
  readonly size: number
  /** How truncation shares an odd cut between two texts; the libraries behind the kinds differ. */
  readonly cut: CutRule
  /** Whether a pair whose second text is empty counts as one text, as the reference has it for single pairs. */
  readonly ignoresEmptyPair: boolean
  /** Ids of one text, without special tokens. `target`: a text in the language that a translator writes. */
  ids(text: string, target?: boolean): number[]
  /** How many special tokens `assemble` adds. */
  added(pair: boolean): number
  /** Joins one text or two, with their special tokens where asked. */
  assemble(first: number[], second: number[] | undefined, addSpecialTokens: boolean): Part
  decode(ids: readonly number[], skipSpecialTokens: boolean): string
  id(token: string): number | undefined
  token(id: number): string | undefined
}

/** `even`: an odd token goes to the longer text. `first`: to the first one. */
export type CutRule = 'even' | 'first'
