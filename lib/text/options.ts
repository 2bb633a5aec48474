import { SaccadeError } from '../errors.js'

/** Refuses options that do not exist. @throws OPTION_UNKNOWN naming the option and those there are. */
export function checkOptionNames(options: object, known: readonly string[], of: string): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !known.includes(name))
      throw new SaccadeError('OPTION_UNKNOWN', `${of} has no option '${name}'; it has ${known.join(', ')}`)
}

/** @throws OPTION_INVALID naming the option, its value and what was expected. */
export function optionInvalid(name: string, value: unknown, expected: string): never {
  const shown = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value))
  throw new SaccadeError('OPTION_INVALID', `${name}: expected ${expected}, got ${shown.slice(0, 80)}`)
}
