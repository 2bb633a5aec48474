/** How a text is cleaned before it is split into tokens, besides what its tokenizer does. */
export type TextCleaning = 'none' | 'whitespace' | 'lower' | 'canonicalize'

/** How a model that compares texts with images was trained to see texts. */
export interface TextForm {
  /** The longest text, in tokens. */
  readonly length: number
  /** To the longest of a batch, or to `length`. */
  readonly padding: 'longest' | 'full'
  /** Id of the padding. Default: that of the tokenizer. */
  readonly paddingToken?: number | undefined
  /** false: padding is not masked. Default: as the tokenizer's files say. */
  readonly mask?: boolean | undefined
  readonly clean: TextCleaning
  /** Replaces separator tokens by id 0. Default false. */
  readonly dropSeparator?: boolean | undefined
}
