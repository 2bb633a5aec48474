import { SaccadeError } from '../errors.js'
import { checkOptions, optionInvalid } from '../options.js'

/** How text is generated. Names and meaning as in transformers' GenerationConfig, defaults too. */
export interface GenerationOptions {
  /** The longest result in tokens, prompt included. Default: 20 tokens after the prompt. */
  maxLength?: number
  /** The same without the prompt; goes before maxLength. */
  maxNewTokens?: number
  /** No end of text before this many tokens, prompt included. Default 0. */
  minLength?: number
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
  /** The first token after a decoder's start token. */
  forcedBosTokenId?: number
  /** The last token, where maxLength is reached. */
  forcedEosTokenId?: number | readonly number[]
  /** No n tokens in a row occur twice. Default 0: off. */
  noRepeatNgramSize?: number
  /** Above 1: tokens that occurred get less likely. Default 1. */
  repetitionPenalty?: number
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
  /** Sampling: only the k likeliest tokens. Default 50; 0: all. */
  topK?: number
  /** Sampling: the likeliest tokens that together have this probability. Default 1. */
  topP?: number
  /** Sampling: only tokens at least this likely, relative to the likeliest. */
  minP?: number
  /** Sampling: the same seed gives the same text. Default: a new one each time. */
  seed?: number
  eosTokenId?: number | readonly number[]
  /** Fills finished rows. Default: the first end token. */
  padTokenId?: number
  bosTokenId?: number
  /** What an encoder-decoder's output starts with. Default: bosTokenId. */
  decoderStartTokenId?: number
}

/** Options with their defaults, checked. */
export interface ResolvedOptions {
  promptLength: number
  maxLength: number
  minLength: number
  numBeams: number
  numReturnSequences: number
  lengthPenalty: number
  earlyStopping: boolean | 'never'
  badWordsIds: readonly (readonly number[])[]
  forcedBosTokenId: number | undefined
  forcedEosTokenIds: readonly number[]
  noRepeatNgramSize: number
  repetitionPenalty: number
  suppressTokens: readonly number[]
  beginSuppressTokens: readonly number[]
  removeInvalidValues: boolean
  renormalizeLogits: boolean
  doSample: boolean
  temperature: number
  topK: number
  topP: number
  minP: number | undefined
  seed: number
  eosTokenIds: readonly number[]
  padTokenId: number | undefined
}

/** The rules for one option: what it must be, and the words for it. */
type Rule = [check: (value: unknown) => boolean, expected: string]

const isId = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
const atLeast = (least: number): Rule => [
  (value) => Number.isInteger(value) && (value as number) >= least,
  `a whole number of at least ${least}`,
]
const id: Rule = [isId, 'a token id']
const ids: Rule = [(value) => isId(value) || isListOf(value, isId), 'a token id or a list of them']
const idList: Rule = [(value) => isListOf(value, isId), 'a list of token ids']
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false']
const positive: Rule = [(value) => isNumber(value) && value > 0, 'a number above 0']
const fraction: Rule = [(value) => isNumber(value) && value >= 0 && value <= 1, 'a number from 0 to 1']

const rules: Readonly<Record<keyof GenerationOptions, Rule>> = {
  maxLength: atLeast(1),
  maxNewTokens: atLeast(1),
  minLength: atLeast(0),
  minNewTokens: atLeast(0),
  numBeams: atLeast(1),
  numReturnSequences: atLeast(1),
  lengthPenalty: [isNumber, 'a finite number'],
  earlyStopping: [(value) => typeof value === 'boolean' || value === 'never', "true, false or 'never'"],
  badWordsIds: [
    (value) => isListOf(value, (word) => isListOf(word, isId) && (word as unknown[]).length > 0),
    'a list of lists of token ids',
  ],
  forcedBosTokenId: id,
  forcedEosTokenId: ids,
  noRepeatNgramSize: atLeast(0),
  repetitionPenalty: positive,
  suppressTokens: idList,
  beginSuppressTokens: idList,
  removeInvalidValues: flag,
  renormalizeLogits: flag,
  doSample: flag,
  temperature: positive,
  topK: atLeast(0),
  topP: fraction,
  minP: fraction,
  seed: atLeast(0),
  eosTokenId: ids,
  padTokenId: id,
  bosTokenId: id,
  decoderStartTokenId: id,
}

/** The names of all options. */
export const generationOptionNames = Object.keys(rules) as (keyof GenerationOptions)[]

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check)
}

/** @throws OPTION_INVALID where a value is not one the option can have; undefined is always one. */
export function checkGenerationOptions(options: GenerationOptions): void {
  for (const name of generationOptionNames) {
    const value = options[name]
    const [check, expected] = rules[name]
    if (value !== undefined && !check(value)) optionInvalid(name, value, expected)
  }
}

/**
 * Fills in the defaults for rows that start with `promptLength` tokens.
 * @throws OPTION_UNKNOWN, OPTION_INVALID, TOKEN_OUT_OF_RANGE (a token to force or forbid that is not in the vocabulary)
 */
export function resolveOptions(
  options: GenerationOptions,
  promptLength: number,
  vocabSize: number,
): ResolvedOptions {
  checkOptions(options, generationOptionNames, 'generate()')
  checkGenerationOptions(options)
  const { maxNewTokens, minNewTokens = 0, numBeams = 1, numReturnSequences = 1, doSample = false } = options
  const eosTokenIds = asList(options.eosTokenId)
  const resolved: ResolvedOptions = {
    promptLength,
    maxLength:
      maxNewTokens === undefined ? (options.maxLength ?? promptLength + 20) : promptLength + maxNewTokens,
    minLength: minNewTokens > 0 ? promptLength + minNewTokens : (options.minLength ?? 0),
    numBeams,
    numReturnSequences,
    lengthPenalty: options.lengthPenalty ?? 1,
    earlyStopping: options.earlyStopping ?? false,
    badWordsIds: options.badWordsIds ?? [],
    forcedBosTokenId: options.forcedBosTokenId,
    forcedEosTokenIds: asList(options.forcedEosTokenId),
    noRepeatNgramSize: options.noRepeatNgramSize ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    suppressTokens: options.suppressTokens ?? [],
    beginSuppressTokens: options.beginSuppressTokens ?? [],
    removeInvalidValues: options.removeInvalidValues ?? false,
    renormalizeLogits: options.renormalizeLogits ?? false,
    doSample,
    temperature: options.temperature ?? 1,
    topK: options.topK ?? 50,
    topP: options.topP ?? 1,
    minP: options.minP,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 32),
    eosTokenIds,
    padTokenId: options.padTokenId ?? eosTokenIds[0],
  }
  if (resolved.maxLength <= promptLength)
    optionInvalid('maxLength', resolved.maxLength, `more than the ${promptLength} tokens of the prompt`)
  if (numBeams > 1 && numReturnSequences > numBeams)
    optionInvalid('numReturnSequences', numReturnSequences, `at most numBeams, which is ${numBeams}`)
  if (numBeams === 1 && numReturnSequences > 1 && !doSample)
    optionInvalid('numReturnSequences', numReturnSequences, '1, for a greedy search finds one sequence only')
  checkVocabulary('badWordsIds', resolved.badWordsIds.flat(), vocabSize)
  checkVocabulary('forcedEosTokenId', resolved.forcedEosTokenIds, vocabSize)
  checkVocabulary('forcedBosTokenId', asList(resolved.forcedBosTokenId), vocabSize)
  return resolved
}

function asList(value: number | readonly number[] | undefined): readonly number[] {
  if (value === undefined) return []
  return typeof value === 'number' ? [value] : value
}

/** @throws TOKEN_OUT_OF_RANGE naming the option and the token. */
export function checkVocabulary(name: string, tokens: readonly number[], vocabSize: number): void {
  const outside = tokens.find((token) => token >= vocabSize)
  if (outside !== undefined)
    throw new SaccadeError('TOKEN_OUT_OF_RANGE', `${name}: token ${outside} in a vocabulary of ${vocabSize}`)
}
