import { SaccadeError } from './errors.js'

/** Throws OPTION_UNKNOWN for a key that is not among the names: a misspelt option must not be silently without effect. */
export function checkOptions(options: object, names: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null)
    throw new SaccadeError('OPTION_INVALID', `${what}: options must be an object, got ${String(options)}`)
  for (const key of Object.keys(options)) {
    if (names.includes(key)) continue
    throw new SaccadeError(
      'OPTION_UNKNOWN',
      `${what}: unknown option '${key}'; there are ${names.join(', ')}`,
    )
  }
}
