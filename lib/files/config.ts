import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SaccadeError } from '../errors.js'
import { fileError } from './file.js'
import { lineAndColumn, parseJson } from './json.js'

/** A JSON object of a model folder, or one nested in it; the getters below read it. */
export interface Config {
  /** Path of the file. */
  readonly file: string
  /** Keys that lead to this object, each followed by a dot; '' for the whole file. */
  readonly prefix: string
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * Reads a JSON file of a model folder.
 * @throws FILE_NOT_FOUND; CONFIG_INVALID naming line and column of the fault
 */
export async function readJson(dir: string, name: string): Promise<unknown> {
  const file = join(dir, name)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    if (cause instanceof TypeError)
      throw new SaccadeError('CONFIG_INVALID', `${file} is not UTF-8 text`, { cause })
    throw fileError(file, cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // JSON.parse is fast; where it fails, the slower parser finds the place.
    parseJson(text, {
      fail: (problem, at) => {
        const { line, column } = lineAndColumn(text, at)
        throw new SaccadeError('CONFIG_INVALID', `${file}, line ${line}, column ${column}: ${problem}`, {
          cause,
        })
      },
    })
    throw new SaccadeError('CONFIG_INVALID', `${file} is not JSON: ${cause}`, { cause })
  }
}

/** Reads a JSON file whose value is an object. @throws FILE_NOT_FOUND, CONFIG_INVALID */
export async function readConfig(dir: string, name: string): Promise<Config> {
  const value = await readJson(dir, name)
  const file = join(dir, name)
  if (!isObject(value))
    throw new SaccadeError('CONFIG_INVALID', `${file} must hold an object, got ${show(value)}`)
  return { file, prefix: '', values: value }
}

/** As {@link readConfig}, but undefined when there is no such file. */
export async function readConfigIfAny(dir: string, name: string): Promise<Config | undefined> {
  try {
    return await readConfig(dir, name)
  } catch (error) {
    const missing = error instanceof SaccadeError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT'
    if (missing) return undefined
    throw error
  }
}

/** A getter: reads one key. Without a fallback, a key that is missing or null is an error. */
export type Getter<T> = (config: Config, key: string, fallback?: T) => T

export const string: Getter<string> = getter('a string', (value) => typeof value === 'string')

export const boolean: Getter<boolean> = getter('true or false', (value) => typeof value === 'boolean')

export const number: Getter<number> = getter('a number', (value) => typeof value === 'number')

export const positiveNumber: Getter<number> = getter(
  'a number above 0',
  (value) => (value as number) > 0 && isNumber(value),
)

export const integer: Getter<number> = getter('a whole number', Number.isSafeInteger)

export const positiveInt: Getter<number> = getter('a whole number above 0', isPositive)

export const nonNegativeInt: Getter<number> = getter('a whole number, 0 or more', isWhole)

export const numbers: Getter<readonly number[]> = getter('a list of numbers', listOf(isNumber))

export const positiveInts: Getter<readonly number[]> = getter(
  'a list of whole numbers above 0',
  listOf(isPositive),
)

export const strings: Getter<readonly string[]> = getter(
  'a list of strings',
  listOf((value) => typeof value === 'string'),
)

/** A height and a width; one number stands for both, and so does a list of one. */
export function sizePair(
  config: Config,
  key: string,
  fallback?: readonly [number, number],
): readonly [number, number] {
  const isPair = (value: unknown) =>
    isPositive(value) || (listOf(isPositive)(value) && [1, 2].includes((value as number[]).length))
  const value = read<unknown>(config, key, 'a size above 0 or a list of height and width', isPair, fallback)
  const [height, width] = Array.isArray(value) ? (value as number[]) : [value as number]
  return [height!, width ?? height!]
}

/** One of a few strings. */
export function oneOf<const T extends string>(
  config: Config,
  key: string,
  choices: readonly T[],
  fallback?: T,
): T {
  const expected =
    choices.length === 1 ? `'${choices[0]}'` : `one of ${choices.map((c) => `'${c}'`).join(', ')}`
  return read<T>(config, key, expected, (value) => choices.includes(value as T), fallback)
}

/** A nested object; errors of its keys name the way to them. */
export function object(config: Config, key: string): Config {
  const values = read<Record<string, unknown>>(config, key, 'an object', isObject)
  return { file: config.file, prefix: `${config.prefix}${key}.`, values }
}

/** The value of a getter, or undefined when the key is missing or null. */
export function optional<T>(
  get: (config: Config, key: string) => T,
  config: Config,
  key: string,
): T | undefined {
  return isSet(config, key) ? get(config, key) : undefined
}

/** Whether a key is there and not null, which is how Python writes None. */
export function isSet(config: Config, key: string): boolean {
  return Object.hasOwn(config.values, key) && config.values[key] !== null
}

/** The error for a key whose value the model cannot use. */
export function configInvalid(config: Config, key: string, expected: string): SaccadeError {
  const name = `"${config.prefix}${key}"`
  const problem = isSet(config, key)
    ? `${name} must be ${expected}, got ${show(config.values[key])}`
    : `${name} is missing: expected ${expected}`
  return new SaccadeError('CONFIG_INVALID', `${config.file}: ${problem}`)
}

function getter<T>(expected: string, accepts: (value: unknown) => boolean): Getter<T> {
  return (config, key, fallback) => read<T>(config, key, expected, accepts, fallback)
}

function read<T>(
  config: Config,
  key: string,
  expected: string,
  accepts: (value: unknown) => boolean,
  fallback?: T,
): T {
  if (!isSet(config, key) && fallback !== undefined) return fallback
  const value = isSet(config, key) ? config.values[key] : undefined
  if (!accepts(value)) throw configInvalid(config, key, expected)
  return value as T
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function listOf(accepts: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(accepts)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
