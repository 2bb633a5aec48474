import { invalid, show } from './errors.js'
import { attempt, isString } from './values.js'

/**
 * Checks the names of options, so that a misspelt option is not ignored.
 * @param what the function that takes the options
 * @returns a copy. Functions use it in place of the object of the caller, whose getters could throw or change
 * @throws OPTION_UNKNOWN; OPTION_INVALID unless `options` is an object that can be read
 */
export function checkOptions<T extends object>(options: T, names: readonly string[], what: string): T {
  const copy = attempt(() => copyOf(options, names))
  if (!copy) optionInvalid(`${what}: options`, options, 'an object')
  for (const key of Object.keys(copy))
    if (!names.includes(key))
      throw invalid('OPTION_UNKNOWN', what, `one of the options ${names.join(', ')}`, show(key))
  return copy
}

/** Inherited options count too: they would be ignored without a word otherwise. */
function copyOf<T extends object>(options: T, names: readonly string[]): T | undefined {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return undefined
  const copy = { ...options }
  // What all objects inherit, the copy does too. Most options are such objects, and this runs at every call.
  if (Object.getPrototypeOf(options) === Object.prototype) return copy
  for (const name of names)
    if (name in options && !Object.hasOwn(copy, name))
      Object.assign(copy, { [name]: Reflect.get(options, name) })
  return copy
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

/** Checks options that are text, or left out. @throws OPTION_INVALID */
export function checkStrings<Name extends string>(
  options: { readonly [N in Name]?: unknown },
  names: readonly Name[],
  what: string,
): void {
  for (const name of names) {
    const value = options[name]
    if (value !== undefined && !isString(value)) optionInvalid(`${what}: ${name}`, value, 'a string')
  }
}

/** @throws OPTION_INVALID naming the option, what it can be, and its value */
export function optionInvalid(option: string, value: unknown, expected: string): never {
  throw invalid('OPTION_INVALID', option, expected, show(value))
}
