import { snakeCase } from '../case.js'
import { checkLimit, type LimitName } from '../limits.js'
import { optionInvalid } from '../options.js'
import type { GenerationOptions, GivenOptions } from './options.js'

/** A predicate for the value of an option, and its description for error messages. */
type Rule = readonly [accepts: (value: unknown) => boolean, expected: string]

const isId = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isListOf = (value: unknown, accepts: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(accepts)
const isWord = (value: unknown): boolean => isListOf(value, isId) && (value as unknown[]).length > 0
const isPair = (value: unknown, first: (item: unknown) => boolean, second: (item: unknown) => boolean) =>
  Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1])

const atLeast = (min: number): Rule => [
  (value) => Number.isInteger(value) && (value as number) >= min,
  `a whole number of at least ${min}`,
]
const within = (expected: string, accepts: (value: number) => boolean): Rule => [
  (value) => isNumber(value) && accepts(value as number),
  expected,
]
const id: Rule = [isId, 'a token id']
const ids: Rule = [(value) => isId(value) || isListOf(value, isId), 'a token id or a list of them']
const idList: Rule = [(value) => isListOf(value, isId), 'a list of token ids']
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false']
const positive = within('a number above 0', (value) => value > 0)
const fraction = within('a number from 0 to 1', (value) => value >= 0 && value <= 1)
const share = within('a number above 0, at most 1', (value) => value > 0 && value <= 1)
const cutoff = within('a number from 0 to below 1', (value) => value >= 0 && value < 1)

const rules: Readonly<Record<keyof GenerationOptions, Rule>> = {
  maxLength: atLeast(1),
  maxNewTokens: atLeast(1),
  minLength: atLeast(0),
  minNewTokens: atLeast(0),
  numBeams: atLeast(1),
  numReturnSequences: atLeast(1),
  lengthPenalty: [isNumber, 'a finite number'],
  earlyStopping: [(value) => typeof value === 'boolean' || value === 'never', "true, false or 'never'"],
  badWordsIds: [(value) => isListOf(value, isWord), 'a list of lists of token ids'],
  sequenceBias: [
    (value) => isListOf(value, (item) => isPair(item, isWord, isNumber)),
    'a list of [list of token ids, number]',
  ],
  forcedBosTokenId: id,
  forcedEosTokenId: ids,
  exponentialDecayLengthPenalty: [
    (value) => isPair(value, isId, (factor) => isNumber(factor) && (factor as number) > 0),
    '[a whole number of at least 0, a number above 0]',
  ],
  noRepeatNgramSize: atLeast(0),
  encoderNoRepeatNgramSize: atLeast(0),
  repetitionPenalty: positive,
  encoderRepetitionPenalty: positive,
  suppressTokens: idList,
  beginSuppressTokens: idList,
  removeInvalidValues: flag,
  renormalizeLogits: flag,
  doSample: flag,
  // Published files have 0 with "do_sample": false, where it has no effect. resolveOptions() refuses 0 with doSample.
  temperature: within('a number of at least 0', (value) => value >= 0),
  topH: share,
  topK: atLeast(0),
  topP: fraction,
  minP: fraction,
  typicalP: share,
  epsilonCutoff: cutoff,
  etaCutoff: cutoff,
  seed: atLeast(0),
  eosTokenId: ids,
  padTokenId: id,
  bosTokenId: id,
  decoderStartTokenId: id,
}

/** The names of all options. */
export const generationOptionNames = Object.keys(rules) as readonly (keyof GenerationOptions)[]

/** Option names by their names in Python libraries and transformers.js: num_beams to numBeams. */
export const libraryOptionNames: ReadonlyMap<string, keyof GenerationOptions> = new Map(
  generationOptionNames.map((name) => [snakeCase(name), name]),
)

type OptionLimit = readonly [name: keyof GenerationOptions, limit: LimitName]

/** Limits of numbers, and of the lengths of lists. */
const countLimits: readonly OptionLimit[] = [
  ['numBeams', 'beams'],
  ['numReturnSequences', 'returnSequences'],
]
const lengthLimits: readonly OptionLimit[] = [
  ['badWordsIds', 'wordLists'],
  ['sequenceBias', 'wordLists'],
  ['suppressTokens', 'tokenLists'],
  ['beginSuppressTokens', 'tokenLists'],
  ['forcedEosTokenId', 'tokenLists'],
  ['eosTokenId', 'endTokens'],
]

/** Checks counts of options that have good values. @throws LIMIT_EXCEEDED */
export function checkCounts(options: GivenOptions): void {
  checkNamedCounts(options, (name) => name)
}

/** @param nameOf how errors name an option */
function checkNamedCounts(options: GivenOptions, nameOf: (name: keyof GenerationOptions) => string): void {
  for (const [name, limit] of countLimits) {
    const value = options[name]
    if (typeof value === 'number') checkLimit(limit, value, nameOf(name))
  }
  for (const [name, limit] of lengthLimits) {
    const value = options[name]
    if (Array.isArray(value)) checkLimit(limit, value.length, nameOf(name))
  }
}

/** @throws OPTION_INVALID if an option has a bad value; undefined is allowed for all */
export function checkGenerationOptions(options: GenerationOptions): void {
  for (const name of generationOptionNames) {
    const value = options[name]
    const [accepts, expected] = rules[name]
    if (value !== undefined && !accepts(value)) optionInvalid(name, value, expected)
  }
}

/**
 * Converts options from their names in Python libraries, by which errors name them. Ignores other names.
 * @param refuse throws the error for a bad value
 * @param nameOf how errors about limits write a name
 * @throws LIMIT_EXCEEDED
 */
export function fromLibraryOptions(
  values: Readonly<Record<string, unknown>>,
  refuse: (name: string, value: unknown, expected: string) => never = optionInvalid,
  nameOf = (name: string) => name,
): GivenOptions {
  const options: Record<string, unknown> = {}
  for (const [libraryName, name] of libraryOptionNames) {
    if (!Object.hasOwn(values, libraryName)) continue
    const value = values[libraryName]
    const [accepts, expected] = rules[name]
    if (value !== null && value !== undefined && !accepts(value)) refuse(libraryName, value, expected)
    options[name] = value
  }
  checkNamedCounts(options, (name) => nameOf(snakeCase(name)))
  return options
}
