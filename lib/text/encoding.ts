import type { TruncationStrategy } from './truncation.js'

export interface EncodeOptions {
  /** A second text, for models that take two. An empty one counts as none, except for SentencePiece tokenizers. */
  pair?: string
  /** Default true. */
  addSpecialTokens?: boolean
  /** The language of the text, for a translator of many: 'ru', 'rus_Cyrl'. Default: that of tokenizer_config.json. */
  language?: string
  /** Default false. `true` is 'longest_first'. Cuts to maxLength, or to the model's limit. */
  truncation?: boolean | TruncationStrategy
  /** In tokens, special ones included. Default: the model's limit. */
  maxLength?: number
}

export interface BatchOptions extends Omit<EncodeOptions, 'pair'> {
  /** Second texts, one for each first text. */
  textPair?: readonly string[]
  /** Default false. `true` is 'longest': up to the longest of the batch. 'max_length': up to maxLength. */
  padding?: boolean | 'longest' | 'max_length'
}

/** Options of `Tokenizer.pad`. */
export interface PadOptions {
  /** Default true. */
  padding?: BatchOptions['padding']
  maxLength?: number | undefined
}

export interface DecodeOptions {
  /** Default false. */
  skipSpecialTokens?: boolean
  /** Remove spaces before English punctuation. Default: the value in tokenizer_config.json, else false. */
  cleanUpTokenizationSpaces?: boolean
}

/** One text, or a pair. All lists have the same length. */
export interface Encoding {
  inputIds: number[]
  /** 1 for tokens of the second text, else 0. Left out if it is no input of the model: `Tokenizer.modelInputNames`. */
  tokenTypeIds?: number[]
  /** 1 for tokens, 0 for padding. */
  attentionMask: number[]
}

/** A batch; the rows have one length if padded. */
export interface BatchEncoding {
  inputIds: number[][]
  tokenTypeIds?: number[][]
  attentionMask: number[][]
}
