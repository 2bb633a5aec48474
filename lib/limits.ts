import { invalid } from './errors.js'
import { checkOptions, optionInvalid } from './options.js'

/**
 * Bounds on what the files of a model, or a caller, can ask for. A model folder is often downloaded from strangers: a count
 * in it is checked before memory or time is spent on it. The defaults are well above what published models have.
 */
const defaults = {
  // Tables that are computed in JavaScript

  /** Elements of a table: positions and masks of `attention`, the matrix of `ops.resize`, sinusoidal positions of a config. */
  tableElements: 2 ** 24,

  // Files of a model, and their download

  /** Bytes of a JSON file of a model, such as config.json or an index of shards. The largest published index has 9 MB. */
  configBytes: 2 ** 24,
  /** Bytes of a file of a tokenizer. The largest published tokenizer.json has 40 MB. */
  tokenizerBytes: 2 ** 27,
  /** Files of a model that are downloaded. The largest models have 200 shards. */
  downloadedFiles: 1_000,
  /** Pages of a list of files; the Hub itself has one. */
  listPages: 100,
  /** Bytes of a config, a vocabulary or a list of files (all pages) that is downloaded. The largest tokenizers have 40 MB. */
  downloadedConfigBytes: 100_000_000,
  /** Bytes of a weights file that is downloaded. Published shards have up to 50 GB. */
  downloadedWeightsBytes: 100_000_000_000,

  // Weights

  /** Tensors of a weights file, and entries of its archive. The largest published shards have some thousands. */
  tensors: 100_000,
  /** Axes of a stored tensor. PyTorch has no more than 64. */
  tensorAxes: 64,
  /** Bytes of the part of a weights file that describes its tensors: a header, a pickle, the directory of an archive. */
  weightsHeaderBytes: 32_000_000,
  /** Estimated bytes of the objects in the pickle of a PyTorch file. A tensor takes about 1800 bytes. */
  unpickledBytes: 80_000_000,

  // Images

  /** Bytes of an image file, also of one that is downloaded. */
  imageBytes: 2 ** 28,
  /** Seconds for the download of an image. */
  imageSeconds: 60,
  /** Redirects of the download of an image. */
  imageRedirects: 5,
  /** Pixels of a picture, unless the option maxPixels is given: twice the number from which on Pillow warns. */
  imagePixels: 178_956_970,
  /** Longest side of a picture, in pixels. */
  imageSide: 1_000_000,
  /** Segments, chunks or boxes of a JPEG, WebP or AVIF file. */
  imageParts: 100_000,
  /** Pixels between the two steps of a resize: the old height times the new width. */
  resizePixels: 2 ** 25,
  /** Pixels that an image processor makes of one picture. */
  processedPixels: 2 ** 22,

  // Tokenizers

  /** Components of tokenizer.json inside of one another. */
  componentDepth: 32,
  /** Parts of a template of special tokens in tokenizer.json. Published ones have up to 5. */
  templateParts: 1_000,
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
  /** Tokens of a batch that is padded, padding included. */
  paddedTokens: 2 ** 22,

  // Generation

  /** Beams of a search, for each source. */
  beams: 128,
  /** Sequences that are returned for each source. */
  returnSequences: 1_024,
  /** Tokens that end a text. A beam search looks at that many more candidates for each beam. */
  endTokens: 64,
  /** Entries of a list of tokens in the options of generation. */
  tokenLists: 100_000,
  /** Words of `badWordsIds`, and of `sequenceBias`. Every step looks at all of them. */
  wordLists: 10_000,

  // Comparison of texts with images

  /** Texts whose vectors a zero-shot pipeline keeps between calls. A vector has 2 to 6 KB. */
  keptTexts: 50_000,
  /** Vectors of a file that `saccade search` reads. */
  searchedVectors: 10_000_000,

  // Configs of models

  /** Labels of a classifier. ImageNet-21k has 21843. */
  labels: 1_000_000,
  /** Layers of a stack. The deepest published models have fewer than 200. */
  layers: 2_000,
  /** Heads of an attention. */
  heads: 4_096,
  /** Widths: hidden size, MLP, head, shared space. */
  width: 2 ** 20,
  /** Entries of a vocabulary (one more than the largest token id), and token types. */
  vocabulary: 2 ** 24,
  /** Positions of a text model. */
  positions: 2 ** 24,
  /** Side of the image that a model takes, in pixels. */
  modelImageSide: 16_384,
  /** Patches of an image of the config's size: attention compares each with each. Published models have under 4096. */
  patches: 16_384,
  /** Positions of a window of attention: each is compared with each. Published models have under 600. */
  windowPositions: 4_096,

  // Command line

  /** Bytes of an image, of a list of names, or of a line that the command line reads from standard input. */
  standardInputBytes: 200_000_000,
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
 * Changes limits of this process, for all calls from now on; those left out, or undefined, keep their values.
 * @param changes numbers above 0, in the units that {@link Limits} names; Infinity for no limit
 * @example setLimits({ imageBytes: 2 ** 30, beams: 256 })
 * @throws OPTION_UNKNOWN, OPTION_INVALID
 */
export function setLimits(changes: { readonly [Name in LimitName]?: number | undefined }): void {
  const given = checkOptions(changes, names, 'setLimits')
  const changed = { ...current }
  for (const name of names) {
    const value = given[name] === undefined ? current[name] : given[name]
    if (!(typeof value === 'number' && value > 0))
      optionInvalid(`setLimits: ${name}`, value, 'a number above 0')
    changed[name] = value
  }
  current = changed
}

/**
 * @param what file and key, or argument, that asks for the count
 * @throws LIMIT_EXCEEDED naming the limit
 */
export function checkLimit(name: LimitName, count: number, what: string): void {
  if (count > current[name])
    throw invalid(
      'LIMIT_EXCEEDED',
      what,
      `at most ${current[name]} (limit '${name}', see setLimits)`,
      String(count),
    )
}
