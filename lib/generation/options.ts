/** Options of generation. Names, meaning and defaults are those of transformers' GenerationConfig. */
export interface GenerationOptions {
  /** Maximum length in tokens, prompt included. Default: 20 tokens after the prompt. */
  maxLength?: number
  /** Maximum number of generated tokens, without the prompt. Takes precedence over maxLength. */
  maxNewTokens?: number
  /** Minimum length in tokens, prompt included. Default 0. */
  minLength?: number
  /** Minimum number of generated tokens, without the prompt. Takes precedence over minLength. */
  minNewTokens?: number
  /** Number of beams. 1 (default): greedy search or sampling. More: beam search. */
  numBeams?: number
  /** Number of results for each source. At most numBeams with beam search; else above 1 only with doSample. Default 1. */
  numReturnSequences?: number
  /** Beam scores are divided by length ** lengthPenalty. Default 1. */
  lengthPenalty?: number
  /**
   * When a beam search with numBeams finished hypotheses stops. true: at once; false (default): when the best running
   * hypothesis is estimated to be worse; 'never': when no running hypothesis can get better.
   */
  earlyStopping?: boolean | 'never'
  /** Token sequences that must not occur. */
  badWordsIds?: readonly (readonly number[])[]
  /** Token sequences, each with a bias that is added to the score of its last token after the other tokens. */
  sequenceBias?: readonly (readonly [tokens: readonly number[], bias: number])[]
  /** The token that is forced after the decoder's start token. */
  forcedBosTokenId?: number
  /** The token that is forced as the last one when maxLength is reached. */
  forcedEosTokenId?: number | readonly number[]
  /** After `start` generated tokens the score of the end tokens grows by |score| * (factor ** n - 1) with each token. */
  exponentialDecayLengthPenalty?: readonly [start: number, factor: number]
  /** No n-gram of this size occurs twice. Default 0: off. */
  noRepeatNgramSize?: number
  /** No n-gram of this size of the source occurs in the result. Default 0: off. */
  encoderNoRepeatNgramSize?: number
  /** Above 1: tokens of the sequence become less likely. Default 1. */
  repetitionPenalty?: number
  /** Above 1: tokens of the source become more likely. Default 1. */
  encoderRepetitionPenalty?: number
  /** Tokens that are never generated. */
  suppressTokens?: readonly number[]
  /** Tokens that are not generated as the first token. */
  beginSuppressTokens?: readonly number[]
  /** Replace NaN and infinities in scores. Default false. */
  removeInvalidValues?: boolean
  /** Normalize the scores to log probabilities after all processors. Default false. */
  renormalizeLogits?: boolean
  /** Sample the next token. Default false: take the most likely one. */
  doSample?: boolean
  /** Sampling: above 1 flattens the distribution, below 1 sharpens it. Default 1. */
  temperature?: number
  /** Sampling: keep the most likely tokens that have this share of the entropy of the 100 most likely ones. */
  topH?: number
  /** Sampling: keep the k most likely tokens. Default 50; 0: all. */
  topK?: number
  /** Sampling: keep the most likely tokens whose probabilities add up to this. Default 1. */
  topP?: number
  /** Sampling: keep tokens at least this likely, relative to the most likely one. */
  minP?: number
  /** Sampling: keep the tokens closest to the entropy whose probabilities add up to this. Default 1. */
  typicalP?: number
  /** Sampling: keep tokens at least this likely. Default 0. */
  epsilonCutoff?: number
  /** Sampling: like epsilonCutoff, with a lower bound for distributions of high entropy. Default 0. */
  etaCutoff?: number
  /** Sampling: the same seed gives the same text. Default: a random seed. */
  seed?: number
  /** Tokens that end the text. */
  eosTokenId?: number | readonly number[]
  /** The token that pads finished rows. Default: the first of eosTokenId. */
  padTokenId?: number
  bosTokenId?: number
  /** The token that an encoder-decoder's output starts with. Default: bosTokenId. */
  decoderStartTokenId?: number
}

/** Options of callers and files, in which null removes a default. */
export type GivenOptions = {
  readonly [Name in keyof GenerationOptions]?: GenerationOptions[Name] | null | undefined
}

/** Merges options with defaults: undefined keeps the default, null removes it. */
export function mergeOptions(defaults: GivenOptions, given: GivenOptions): GenerationOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  const merged = Object.entries({ ...defaults, ...Object.fromEntries(set) })
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined && value !== null))
}
