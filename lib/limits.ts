import { invalid } from './errors.js'
import { checkOptions, optionInvalid } from './options.js'

/**
 * Bounds on what the files of a model, or a caller, can ask for. A model folder is often downloaded from strangers: a count
 * in it is checked before memory or time is spent on it. The defaults are well above what published models have.
 */
const defaults = {
  /** Labels of a classifier. ImageNet-21k has 21843. */
  labels: 1_000_000,
  /** Bytes of an image file, also of one that is downloaded. */
  imageBytes: 2 ** 28,
  /** Seconds for the download of an image. */
  imageSeconds: 60,
  /** Redirects of the download of an image. */
  imageRedirects: 5,
  /** Pixels of a picture, unless the option maxPixels is given: twice the number from which on Pillow warns. */
  imagePixels: 178_956_970,
  /** Longest side of a picture. */
  imageSide: 1_000_000,
  /** Pixels that an image processor makes of one picture. */
  processedPixels: 2 ** 22,
  /** Pixels between the two steps of a resize: the old height times the new width. */
  resizePixels: 2 ** 25,
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
