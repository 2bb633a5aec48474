import { invalid } from './errors.js'
import { checkOptions, optionInvalid } from './options.js'

/**
 * Bounds on what the files of a model, or a caller, can ask for. A model folder is often downloaded from strangers: a count
 * in it is checked before memory or time is spent on it. The defaults are well above what published models have.
 */
const defaults = {
  /** Labels of a classifier. ImageNet-21k has 21843. */
  labels: 1_000_000,
  /** Characters of a regular expression in tokenizer.json. The longest of published tokenizers has about 1000. */
  patternLength: 50_000,
  /** Instructions of a compiled regular expression in tokenizer.json. The longest of published tokenizers has about 100. */
  patternSize: 10_000,
  /** Steps of matching a regular expression for each character of the text; published ones take about 10. */
  patternSteps: 100,
  /** How many times as long a text may become before it is split into tokens; a short text counts as 131072 characters. */
  textGrowth: 8,
  /** Bytes of a token that is searched for in texts: of a unigram, WordPiece or SentencePiece model, or an added one. */
  tokenBytes: 256,
  /** One more than the largest token id. */
  vocabulary: 2 ** 24,
  /** Components of tokenizer.json inside of one another. */
  componentDepth: 32,
  /** Tokens of a batch that is padded, padding included. */
  paddedTokens: 2 ** 22,
}

export type LimitName = keyof typeof defaults
export type Limits = Readonly<Record<LimitName, number>>

const names = Object.keys(defaults) as LimitName[]
let current: Limits = defaults

/** The limits of this process (each worker thread has its own). */
export function getLimits(): Limits {
  return current
}

/**
 * Changes limits of this process; those left out keep their values.
 * @param changes numbers above 0; Infinity for no limit
 * @throws OPTION_UNKNOWN, OPTION_INVALID
 */
export function setLimits(changes: Partial<Limits>): void {
  checkOptions(changes, names, 'setLimits')
  for (const name of names) {
    const value = changes[name]
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      optionInvalid(`setLimits: ${name}`, value, 'a number above 0')
  }
  current = { ...current, ...changes }
}

/**
 * @param what file and key, or argument, that asks for the count
 * @throws LIMIT_EXCEEDED naming the limit
 */
export function checkLimit(name: LimitName, count: number, what: string): void {
  if (count > current[name])
    throw invalid('LIMIT_EXCEEDED', what, `at most ${current[name]} (limit '${name}')`, String(count))
}
