import { join } from 'node:path'
import { invalid, SaccadeError, show } from '../errors.js'
import { jsonOf, readJson } from './read.js'

/** A JSON object of a model folder, or one nested in it; the getters below read it. */
export interface Config {
  /** Path of the file. */
  readonly file: string
  /** Keys that lead to this object, each followed by a dot; '' for the whole file. */
  readonly prefix: string
  readonly values: Readonly<Record<string, unknown>>
  /** Code of the errors of the getters. */
  readonly code: 'CONFIG_INVALID' | 'TOKENIZER_INVALID'
}

/** A config of these values. @param file for errors */
export function makeConfig(
  file: string,
  values: Config['values'],
  code: Config['code'] = 'CONFIG_INVALID',
): Config {
  return { file, prefix: '', values, code }
}

/**
 * Reads a JSON file whose value is an object.
 * @throws FILE_NOT_FOUND; `code` with line and column of the fault
 */
export async function readConfig(
  dir: string,
  name: string,
  code: Config['code'] = 'CONFIG_INVALID',
): Promise<Config> {
  const file = join(dir, name)
  return fromJson(file, await readJson(file, code), code)
}

/** As {@link readConfig}, for the bytes of a file. @throws `code` */
export async function configOf(
  file: string,
  bytes: Uint8Array,
  code: Config['code'] = 'CONFIG_INVALID',
): Promise<Config> {
  return fromJson(file, await jsonOf(file, bytes, code), code)
}

function fromJson(file: string, values: unknown, code: Config['code']): Config {
  if (!isObject(values)) throw invalid(code, file, 'an object', show(values))
  return makeConfig(file, plain(values), code)
}

/** As {@link readConfig}, but undefined when there is no such file. */
export async function readConfigIfAny(
  dir: string,
  name: string,
  code?: Config['code'],
): Promise<Config | undefined> {
  try {
    return await readConfig(dir, name, code)
  } catch (error) {
    const missing = error instanceof SaccadeError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT'
    if (missing) return undefined
    throw error
  }
}

/**
 * A getter: reads one key. Without a fallback, a key that is missing or null is an error.
 * @throws the code of the config, naming file, key, what was expected and what there is
 */
export type Getter<T> = (config: Config, key: string, fallback?: T) => T

type Guard<T> = (value: unknown) => value is T

/** A getter of values that `accepts` accepts. @param expected what they are, in words */
export function getter<T>(expected: string, accepts: Guard<T>): Getter<T> {
  return (config, key, fallback) => {
    if (!isSet(config, key) && fallback !== undefined) return fallback
    const value = config.values[key]
    if (!isSet(config, key) || !accepts(value)) throw configInvalid(config, key, expected)
    return value
  }
}

/** A getter of lists; its errors name the item. @param expected what each item is, in words */
export function listGetter<T>(expected: string, accepts: Guard<T>): Getter<readonly T[]> {
  const get = getter(`a list, each item ${expected}`, isList)
  return (config, key, fallback) => {
    const items = get(config, key, fallback)
    if (items.every(accepts)) return items
    const bad = items.findIndex((item) => !accepts(item))
    throw configInvalid(inside(config, key, { ...items }), String(bad), expected)
  }
}

export const string = getter('a string', isString)

export const boolean = getter('true or false', (value) => typeof value === 'boolean')

export const number = getter('a number', isNumber)

export const positiveNumber = getter(
  'a finite number above 0',
  (value): value is number => isNumber(value) && value > 0 && value < Number.POSITIVE_INFINITY,
)

/** The epsilon of a norm. Its range keeps it a normal float32 that does not outweigh the data. */
export const epsilon = getter(
  'a number from 1e-30 to 1',
  (value): value is number => isNumber(value) && value >= 1e-30 && value <= 1,
)

export const positiveInt = getter('a whole number above 0', isPositive)

export const nonNegativeInt = getter('a whole number, 0 or more', isNonNegative)

export const positiveInts = listGetter('a whole number above 0', isPositive)

export const strings = listGetter('a string', isString)

const records = listGetter('an object', isObject)

const pair = getter(
  'a whole number above 0, or a list of height and width',
  (value): value is number | readonly [number] | readonly [number, number] =>
    isPositive(value) || (Array.isArray(value) && [1, 2].includes(value.length) && value.every(isPositive)),
)

/** A height and a width; a single number, or a list of one, is both. */
export function sizePair(
  config: Config,
  key: string,
  fallback?: readonly [number, number],
): readonly [number, number] {
  const value = pair(config, key, fallback)
  if (typeof value === 'number') return [value, value]
  const [height, width = height] = value
  return [height, width]
}

/** One of a few strings. */
export function oneOf<const T extends string>(
  config: Config,
  key: string,
  choices: readonly T[],
  fallback?: T,
): T {
  const quoted = choices.map((choice) => `'${choice}'`)
  const expected = choices.length === 1 ? quoted[0]! : `one of ${quoted.join(', ')}`
  const isChoice = (value: unknown): value is T => choices.some((choice) => choice === value)
  return getter(expected, isChoice)(config, key, fallback)
}

const record = getter('an object', isObject)

/** An object that was read, which is a Map if it has many members (json-pieces.ts). */
type Values = Config['values'] | ReadonlyMap<string, unknown>

function plain(values: Values): Config['values'] {
  return values instanceof Map ? Object.fromEntries(values) : (values as Config['values'])
}

/** The members of a nested object, which may be many. */
export function members(config: Config, key: string): Iterable<readonly [string, unknown]> {
  const values: Values = record(config, key)
  return values instanceof Map ? values : membersOf(plain(values))
}

/** The members of an object, one by one. */
export function* membersOf(values: Config['values']): Generator<[string, unknown]> {
  for (const key of Object.keys(values)) yield [key, values[key]]
}

/** A nested object. */
export function object(config: Config, key: string): Config {
  return inside(config, key, record(config, key))
}

const anyList = getter('a list', isList)

/** A list; its keys are the indices. */
export function list(config: Config, key: string): Config {
  return inside(config, key, { ...anyList(config, key) })
}

/** A list of nested objects; none where the key is missing and `fallback` is an empty list. */
export function objects(config: Config, key: string, fallback?: readonly []): readonly Config[] {
  return [...eachObject(config, key, fallback)]
}

/** As {@link objects}, one by one: for lists of many. */
export function* eachObject(config: Config, key: string, fallback?: readonly []): Generator<Config> {
  for (const [index, values] of records(config, key, fallback).entries())
    yield inside(config, `${key}.${index}`, values)
}

function inside(config: Config, key: string, values: Values): Config {
  return { ...config, prefix: `${config.prefix}${key}.`, values: plain(values) }
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
  return Object.hasOwn(config.values, key) && (config.values[key] ?? undefined) !== undefined
}

/** The key that transformers reads where a config has both its own name and the one that configs share: the shared one. */
export function sharedKey(config: Config, shared: string, own: string): string {
  return isSet(config, shared) ? shared : own
}

/** The error for a key whose value the reader of the config cannot use. */
export function configInvalid(config: Config, key: string, expected: string): SaccadeError {
  const got = Object.hasOwn(config.values, key) ? show(config.values[key]) : 'nothing'
  return invalid(config.code, nameOf(config, key), expected, got)
}

/** A key as errors name it: file and way to the key. */
export function nameOf(config: Config, key: string): string {
  return `${config.file}, "${config.prefix}${key}"`
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

/** NaN is no number that a config can ask for; Infinity can stand for no limit. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isNonNegative(value: unknown): value is number {
  return isInteger(value) && value >= 0
}

/** Whether a value is a whole number above 0. */
export function isPositive(value: unknown): value is number {
  return isInteger(value) && value > 0
}
