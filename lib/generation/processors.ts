import { optionInvalid } from '../options.js'
import {
  keepEpsilon,
  keepEta,
  keepMinP,
  keepTopH,
  keepTopK,
  keepTopP,
  keepTypical,
  scale,
} from './filters.js'
import {
  encoderNoRepeatNgram,
  encoderRepetitionPenalty,
  exponentialDecay,
  force,
  noBadWords,
  noRepeatNgram,
  removeInvalid,
  repetitionPenalty,
  sequenceBias,
  suppress,
} from './penalties.js'
import { logSoftmax } from './probability.js'
import type { Processor } from './processor.js'
import type { ResolvedOptions } from './resolve.js'

/**
 * Creates the processors of the options in the order of transformers, because results depend on the order.
 * @param source tokens of the source text; undefined if the source is not text
 * @param penalized the tokens of encoderRepetitionPenalty; undefined: it does not apply to the row
 * @throws OPTION_INVALID for an option that needs the tokens of the source if there are none
 */
export function createProcessors(
  options: ResolvedOptions,
  source: Int32Array | undefined,
  penalized: Int32Array | undefined,
): Processor[] {
  const { promptLength, eosTokenIds, exponentialDecayLengthPenalty: decay } = options
  const processors: Processor[] = []
  const add = (wanted: boolean, processor: Processor): void => {
    if (wanted) processors.push(processor)
  }
  add(options.sequenceBias.length > 0, sequenceBias(options.sequenceBias))
  const { encoderRepetitionPenalty: encoderPenalty, encoderNoRepeatNgramSize: encoderNgram } = options
  if (encoderPenalty !== 1) {
    requireText('encoderRepetitionPenalty', encoderPenalty, source)
    if (penalized) processors.push(encoderRepetitionPenalty(encoderPenalty, penalized))
  }
  add(options.repetitionPenalty !== 1, repetitionPenalty(options.repetitionPenalty))
  add(options.noRepeatNgramSize > 0, noRepeatNgram(options.noRepeatNgramSize))
  if (encoderNgram > 0)
    processors.push(
      encoderNoRepeatNgram(encoderNgram, requireText('encoderNoRepeatNgramSize', encoderNgram, source)),
    )
  const badWords = options.badWordsIds.filter(
    (word) => !(word.length === 1 && eosTokenIds.includes(word[0]!)),
  )
  add(badWords.length > 0, noBadWords(badWords))
  add(options.minLength > 0, (scores, _, length) => {
    if (length < options.minLength) suppress(scores, eosTokenIds)
  })
  add(options.forcedBosTokenId !== undefined, (scores, _, length) => {
    if (length === 1) force(scores, [options.forcedBosTokenId!])
  })
  add(options.forcedEosTokenIds.length > 0, (scores, _, length) => {
    if (length === options.maxLength - 1) force(scores, options.forcedEosTokenIds)
  })
  add(options.removeInvalidValues, removeInvalid)
  if (decay) processors.push(exponentialDecay(decay, promptLength, eosTokenIds))
  add(options.suppressTokens.length > 0, (scores) => suppress(scores, options.suppressTokens))
  const begin = promptLength > 1 || options.forcedBosTokenId === undefined ? promptLength : promptLength + 1
  add(options.beginSuppressTokens.length > 0, (scores, _, length) => {
    if (length === begin) suppress(scores, options.beginSuppressTokens)
  })
  if (options.doSample) processors.push(...samplingFilters(options))
  add(options.renormalizeLogits, logSoftmax)
  return processors
}

function requireText(option: string, value: number, source: Int32Array | undefined): Int32Array {
  return source ?? optionInvalid(option, value, 'its default, as the source of the model is not text')
}

function samplingFilters(options: ResolvedOptions): Processor[] {
  const { numBeams, eosTokenIds, temperature, topH, topP, minP, typicalP, epsilonCutoff, etaCutoff } = options
  // Beam search needs at least one candidate that does not end, besides all end tokens.
  const kept = numBeams > 1 ? Math.max(eosTokenIds.length, 1) + 1 : 1
  return [
    ...(temperature !== 1 ? [scale(temperature)] : []),
    ...(topH !== undefined ? [keepTopH(topH)] : []),
    ...(options.topK > 0 ? [keepTopK(Math.max(options.topK, kept))] : []),
    ...(topP < 1 ? [keepTopP(topP, kept)] : []),
    ...(minP !== undefined ? [keepMinP(minP, kept)] : []),
    ...(typicalP < 1 ? [keepTypical(typicalP, kept)] : []),
    ...(epsilonCutoff > 0 ? [keepEpsilon(epsilonCutoff, kept)] : []),
    ...(etaCutoff > 0 ? [keepEta(etaCutoff, kept)] : []),
  ]
}
