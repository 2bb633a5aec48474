import { invalid } from './errors.js'
import { checkOptions, optionInvalid } from './options.js'

/**
 * Bounds on what the files of a model, or a caller, can ask for. A model folder is often downloaded from strangers: a count
 * in it is checked before memory or time is spent on it. The defaults are well above what published models have.
 */
const defaults = {
  /** Labels of a classifier. ImageNet-21k has 21843. */
  labels: 1_000_000,
  /** Elements of a table that a call computes in JavaScript: positions and masks of `attention`, the matrix of `ops.resize`. */
  tableElements: 1 << 24,
  /** Bytes of a config, a vocabulary or a list of files that is downloaded. The largest tokenizers have 35 MB. */
  downloadedConfigBytes: 100_000_000,
  /** Bytes of a weights file that is downloaded. Published shards have up to 50 GB. */
  downloadedWeightsBytes: 100_000_000_000,
  /** Files of a model that are downloaded. The largest models have 200 shards. */
  downloadedFiles: 1000,
  /** Tensors of a weights file, and entries of its archive. The largest published shards have some thousands. */
  tensors: 100_000,
  /** Axes of a stored tensor. PyTorch has no more than 64. */
  tensorAxes: 64,
  /** Bytes of the part of a weights file that describes its tensors: a header, a pickle, the directory of an archive. */
  weightsHeaderBytes: 32_000_000,
  /** Estimated memory of the objects in the pickle of a PyTorch file. A tensor takes about 1500 bytes. */
  unpickledBytes: 80_000_000,
  /** Layers of a stack. The deepest published models have fewer than 200. */
  layers: 2_000,
  /** Heads of an attention. */
  heads: 4_096,
  /** Widths: hidden size, MLP, head, shared space. */
  width: 1_048_576,
  /** Entries of a vocabulary, and token types. */
  vocabulary: 16_777_216,
  /** Positions of a text model. */
  positions: 16_777_216,
  /** Numbers in a table that is computed from a config, not stored: sinusoidal positions. */
  computedNumbers: 2 ** 24,
  /** Side of a model's image, in pixels. */
  imageSide: 16_384,
  /** Patches of an image of the config's size: attention compares each with each. Published models have under 4096. */
  patches: 16_384,
  /** Beams of a search, for each source. */
  beams: 128,
  /** Sequences that are returned for each source. */
  returnSequences: 1_024,
  /** Tokens that end a text. A beam search looks at that many more candidates for each beam. */
  endTokens: 64,
  /** Entries of a list of tokens or words in the options of generation. Every step looks at all of them. */
  tokenLists: 100_000,
  /** Bytes of a JSON file of a model, such as config.json or an index of shards. The largest published index has 9 MB. */
  configBytes: 16 * 2 ** 20,
  /** Bytes of a file of a tokenizer. The largest published tokenizer.json has 40 MB. */
  tokenizerBytes: 128 * 2 ** 20,
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
  const given = checkOptions(changes, names, 'setLimits')
  for (const name of names) {
    const value = given[name]
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      optionInvalid(`setLimits: ${name}`, value, 'a number above 0')
  }
  current = { ...current, ...given }
}

/**
 * @param what file and key, or argument, that asks for the count
 * @throws LIMIT_EXCEEDED naming the limit
 */
export function checkLimit(name: LimitName, count: number, what: string): void {
  if (count > current[name])
    throw invalid('LIMIT_EXCEEDED', what, `at most ${current[name]} (limit '${name}')`, String(count))
}
