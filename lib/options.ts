import { invalid, show } from './errors.js'

/**
 * Checks the names of options, so that a misspelt option is not ignored.
 * @param what the function that takes the options
 * @throws OPTION_UNKNOWN; OPTION_INVALID unless `options` is an object
 */
export function checkOptions(options: object, names: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null) optionInvalid(`${what}: options`, options, 'an object')
  for (const key of Object.keys(options))
    if (!names.includes(key))
      throw invalid('OPTION_UNKNOWN', what, `one of the options ${names.join(', ')}`, show(key))
}

/** Checks options that are true or false, or left out. @throws OPTION_INVALID */
export function checkFlags<Name extends string>(
  options: { readonly [N in Name]?: unknown },
  names: readonly Name[],
  what: string,
): void {
  for (const name of names) {
    const value = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      optionInvalid(`${what}: ${name}`, value, 'true or false')
  }
}

/** @throws OPTION_INVALID naming the option, what it can be, and its value */
export function optionInvalid(option: string, value: unknown, expected: string): never {
  throw invalid('OPTION_INVALID', option, expected, show(value))
}
