import { invalid } from '../errors.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { GenerationOptions } from './options.js'
import { checkCounts, checkGenerationOptions, generationOptionNames } from './rules.js'

/** Checked options of one source, with all defaults filled in. */
export interface ResolvedOptions {
  readonly promptLength: number
  readonly maxLength: number
  readonly minLength: number
  readonly numBeams: number
  readonly numReturnSequences: number
  readonly lengthPenalty: number
  readonly earlyStopping: boolean | 'never'
  readonly badWordsIds: readonly (readonly number[])[]
  readonly sequenceBias: readonly (readonly [tokens: readonly number[], bias: number])[]
  readonly forcedBosTokenId: number | undefined
  readonly forcedEosTokenIds: readonly number[]
  readonly exponentialDecayLengthPenalty: readonly [start: number, factor: number] | undefined
  readonly noRepeatNgramSize: number
  readonly encoderNoRepeatNgramSize: number
  readonly repetitionPenalty: number
  readonly encoderRepetitionPenalty: number
  readonly suppressTokens: readonly number[]
  readonly beginSuppressTokens: readonly number[]
  readonly removeInvalidValues: boolean
  readonly renormalizeLogits: boolean
  readonly doSample: boolean
  readonly temperature: number
  readonly topH: number | undefined
  readonly topK: number
  readonly topP: number
  readonly minP: number | undefined
  readonly typicalP: number
  readonly epsilonCutoff: number
  readonly etaCutoff: number
  readonly eosTokenIds: readonly number[]
  readonly padTokenId: number | undefined
}

/** Limits of the model that options are checked against. */
export interface ModelLimits {
  readonly vocabSize: number
  readonly positions?: number | undefined
}

/** Generated tokens if neither maxLength nor maxNewTokens is set. */
const defaultNewTokens = 20

/**
 * Fills in the defaults for a source whose rows start with `promptLength` tokens.
 * @throws OPTION_UNKNOWN, OPTION_INVALID, LIMIT_EXCEEDED, TOKEN_OUT_OF_RANGE (a token to force or forbid that is not in the vocabulary)
 */
export function resolveOptions(
  options: GenerationOptions,
  promptLength: number,
  limits: ModelLimits,
): ResolvedOptions {
  checkOptions(options, generationOptionNames, 'generate()')
  checkGenerationOptions(options)
  checkCounts(options)
  const { minNewTokens } = options
  const eosTokenIds = asList(options.eosTokenId)
  const resolved: ResolvedOptions = {
    promptLength,
    maxLength: maxLength(options, promptLength, limits),
    minLength: minNewTokens === undefined ? (options.minLength ?? 0) : promptLength + minNewTokens,
    numBeams: options.numBeams ?? 1,
    numReturnSequences: options.numReturnSequences ?? 1,
    lengthPenalty: options.lengthPenalty ?? 1,
    earlyStopping: options.earlyStopping ?? false,
    badWordsIds: options.badWordsIds ?? [],
    sequenceBias: options.sequenceBias ?? [],
    forcedBosTokenId: options.forcedBosTokenId,
    forcedEosTokenIds: asList(options.forcedEosTokenId),
    exponentialDecayLengthPenalty: options.exponentialDecayLengthPenalty,
    noRepeatNgramSize: options.noRepeatNgramSize ?? 0,
    encoderNoRepeatNgramSize: options.encoderNoRepeatNgramSize ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    encoderRepetitionPenalty: options.encoderRepetitionPenalty ?? 1,
    suppressTokens: options.suppressTokens ?? [],
    beginSuppressTokens: options.beginSuppressTokens ?? [],
    removeInvalidValues: options.removeInvalidValues ?? false,
    renormalizeLogits: options.renormalizeLogits ?? false,
    doSample: options.doSample ?? false,
    temperature: options.temperature ?? 1,
    topH: options.topH,
    topK: options.topK ?? 50,
    topP: options.topP ?? 1,
    minP: options.minP,
    typicalP: options.typicalP ?? 1,
    epsilonCutoff: options.epsilonCutoff ?? 0,
    etaCutoff: options.etaCutoff ?? 0,
    eosTokenIds,
    padTokenId: options.padTokenId ?? eosTokenIds[0],
  }
  checkTogether(resolved)
  checkVocabulary('badWordsIds', resolved.badWordsIds.flat(), limits)
  checkVocabulary(
    'sequenceBias',
    resolved.sequenceBias.flatMap(([tokens]) => tokens),
    limits,
  )
  checkVocabulary('forcedEosTokenId', resolved.forcedEosTokenIds, limits)
  checkVocabulary('forcedBosTokenId', asList(resolved.forcedBosTokenId), limits)
  return resolved
}

/** Limits only the default to the model's positions. A length set by the caller is not shortened silently. */
function maxLength(
  { maxNewTokens, maxLength }: GenerationOptions,
  promptLength: number,
  { positions = Number.POSITIVE_INFINITY }: ModelLimits,
): number {
  if (maxNewTokens !== undefined) return promptLength + maxNewTokens
  return maxLength ?? Math.max(promptLength + 1, Math.min(promptLength + defaultNewTokens, positions))
}

function checkTogether(options: ResolvedOptions): void {
  const { promptLength, maxLength, numBeams, numReturnSequences, doSample, temperature } = options
  if (maxLength <= promptLength)
    optionInvalid('maxLength', maxLength, `more than the ${promptLength} tokens of the prompt`)
  if (numBeams > 1 && numReturnSequences > numBeams)
    optionInvalid('numReturnSequences', numReturnSequences, `at most numBeams, which is ${numBeams}`)
  if (numBeams === 1 && numReturnSequences > 1 && !doSample)
    optionInvalid('numReturnSequences', numReturnSequences, '1, as greedy search finds only one sequence')
  if (doSample && temperature === 0)
    optionInvalid('temperature', temperature, 'a number above 0 with doSample')
}

function asList(value: number | readonly number[] | undefined): readonly number[] {
  if (value === undefined) return []
  return typeof value === 'number' ? [value] : value
}

/** @throws TOKEN_OUT_OF_RANGE naming the option and the token. */
export function checkVocabulary(name: string, tokens: Iterable<number>, { vocabSize }: ModelLimits): void {
  for (const token of tokens)
    if (token < 0 || token >= vocabSize)
      throw invalid('TOKEN_OUT_OF_RANGE', name, `a token of the vocabulary of ${vocabSize}`, String(token))
}
