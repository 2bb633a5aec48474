/** How text is generated. Names and meaning as in transformers' GenerationConfig, defaults too. */
export interface GenerationOptions {
  /** The longest result in tokens, prompt included. Default: 20 tokens after the prompt. */
  maxLength?: number
  /** The same without the prompt; goes before maxLength. */
  maxNewTokens?: number
  /** No end of text before this many tokens, prompt included. Default 0. */
  minLength?: number
  /** The same without the prompt; goes before minLength. */
  minNewTokens?: number
  /** 1 (default): one hypothesis, greedy or sampled. More: beam search. */
  numBeams?: number
  /** Results for each source. With beams at most numBeams; else only with doSample. Default 1. */
  numReturnSequences?: number
  /** Beam scores are divided by length ** lengthPenalty. Default 1. */
  lengthPenalty?: number
  /**
   * When a beam search with numBeams finished hypotheses ends: true, at once; false (default), when the best running
   * one looks worse; 'never', when it cannot get better.
   */
  earlyStopping?: boolean | 'never'
  /** Token sequences that must not occur. */
  badWordsIds?: readonly (readonly number[])[]
  /** Token sequences with what is added to the score of their last token where the others stand before it. */
  sequenceBias?: readonly (readonly [tokens: readonly number[], bias: number])[]
  /** The first token after a decoder's start token. */
  forcedBosTokenId?: number
  /** The last token, where maxLength is reached. */
  forcedEosTokenId?: number | readonly number[]
  /** From `start` new tokens on, the end of the text gets more likely: its score grows by |score| * (factor ** n - 1). */
  exponentialDecayLengthPenalty?: readonly [start: number, factor: number]
  /** No n tokens in a row occur twice. Default 0: off. */
  noRepeatNgramSize?: number
  /** No n tokens in a row of the source occur in the result. Default 0: off. */
  encoderNoRepeatNgramSize?: number
  /** Above 1: tokens that occurred get less likely. Default 1. */
  repetitionPenalty?: number
  /** Above 1: tokens of the source get more likely. Default 1. */
  encoderRepetitionPenalty?: number
  suppressTokens?: readonly number[]
  /** Tokens that must not come first. */
  beginSuppressTokens?: readonly number[]
  /** Replace NaN and infinities in scores. Default false. */
  removeInvalidValues?: boolean
  /** Make scores log probabilities again after all changes. Default false. */
  renormalizeLogits?: boolean
  /** Default false: the most likely token. */
  doSample?: boolean
  /** Sampling: above 1 flattens, below 1 sharpens. Default 1. */
  temperature?: number
  /** Sampling: the likeliest tokens that together have this share of the distribution's entropy (of the first 100). */
  topH?: number
  /** Sampling: only the k likeliest tokens. Default 50; 0: all. */
  topK?: number
  /** Sampling: the likeliest tokens that together have this probability. Default 1. */
  topP?: number
  /** Sampling: only tokens at least this likely, relative to the likeliest. */
  minP?: number
  /** Sampling: the tokens closest to the expected information that together have this probability. Default 1. */
  typicalP?: number
  /** Sampling: only tokens at least this likely. Default 0. */
  epsilonCutoff?: number
  /** Sampling: the same, with a bound that falls with the entropy of the distribution. Default 0. */
  etaCutoff?: number
  /** Sampling: the same seed gives the same text. Default: a new one each time. */
  seed?: number
  eosTokenId?: number | readonly number[]
  /** Fills finished rows. Default: the first end token. */
  padTokenId?: number
  bosTokenId?: number
  /** What an encoder-decoder's output starts with. Default: bosTokenId. */
  decoderStartTokenId?: number
}

/** Options as callers and files give them: null takes a default of the model away. */
export type GivenOptions = {
  readonly [Name in keyof GenerationOptions]?: GenerationOptions[Name] | null | undefined
}

/** Options over defaults: undefined leaves the default, null takes it away. */
export function mergeOptions(defaults: GivenOptions, given: GivenOptions): GenerationOptions {
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const merged = Object.entries({ ...defaults, ...Object.fromEntries(said) })
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined && value !== null))
}
