import { readFile } from 'node:fs/promises'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'

/**
 * A value of a parsed JSON file that knows where it stands, so that every complaint names the file and the key.
 * Reading a value of the wrong kind throws the code the file was opened with.
 */
export class Json {
  readonly value: unknown
  readonly where: string
  readonly code: SaccadeErrorCode

  constructor(value: unknown, where: string, code: SaccadeErrorCode = 'TOKENIZER_INVALID') {
    this.value = value
    this.where = where
    this.code = code
  }

  /** The member `key`; absent members are Json values holding undefined. */
  at(key: string | number): Json {
    const holder = this.value
    const value =
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
        ? (holder as Record<string | number, unknown>)[key]
        : undefined
    return new Json(value, `${this.where}${this.where.includes(': ') ? '.' : ': '}${key}`, this.code)
  }

  /** False for null and for an absent member. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null
  }

  fail(expected: string): never {
    const shown = this.value === undefined ? 'nothing' : JSON.stringify(this.value)?.slice(0, 60)
    throw new SaccadeError(this.code, `${this.where}: expected ${expected}, found ${shown}`)
  }

  string(fallback?: string): string {
    if (!this.present && fallback !== undefined) return fallback
    return typeof this.value === 'string' ? this.value : this.fail('a string')
  }

  boolean(fallback?: boolean): boolean {
    if (!this.present && fallback !== undefined) return fallback
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false')
  }

  number(fallback?: number): number {
    if (!this.present && fallback !== undefined) return fallback
    return typeof this.value === 'number' ? this.value : this.fail('a number')
  }

  /** A whole number from 0 to 2^31 - 1: an id, a count or a length. */
  count(fallback?: number): number {
    if (!this.present && fallback !== undefined) return fallback
    const value = this.value
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
    return fits ? value : this.fail('a whole number of at least 0')
  }

  list(): Json[] {
    if (!Array.isArray(this.value)) this.fail('a list')
    return (this.value as unknown[]).map((_, i) => this.at(i))
  }

  /** The empty list where there is none. */
  optionalList(): Json[] {
    return this.present ? this.list() : []
  }

  /** The members of an object, none where there is no object. */
  members(): [string, Json][] {
    return this.present ? Object.keys(this.object()).map((key) => [key, this.at(key)]) : []
  }

  object(): Record<string, unknown> {
    const value = this.value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object')
    return value as Record<string, unknown>
  }
}

/** Reads a file as bytes; a missing one is FILE_NOT_FOUND, and any other failure carries `code`. */
export async function readBytes(path: string, code: SaccadeErrorCode = 'TOKENIZER_INVALID'): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new SaccadeError(
      missing ? 'FILE_NOT_FOUND' : code,
      missing ? `${path}: no such file` : `${path}: cannot be read`,
      { cause },
    )
  }
}

export async function readJson(path: string, code: SaccadeErrorCode = 'TOKENIZER_INVALID'): Promise<Json> {
  const text = (await readBytes(path, code)).toString('utf8')
  try {
    // A byte order mark is legal in the files of some editors and fatal to JSON.parse.
    return new Json(JSON.parse(text.replace(/^\uFEFF/, '')), path, code)
  } catch (cause) {
    throw new SaccadeError(code, `${path}: not JSON (${(cause as Error).message})`, { cause })
  }
}

/** Like readJson, and undefined where the file does not exist. */
export async function readJsonIfPresent(
  path: string,
  code: SaccadeErrorCode = 'TOKENIZER_INVALID',
): Promise<Json | undefined> {
  try {
    return await readJson(path, code)
  } catch (error) {
    if (error instanceof SaccadeError && error.code === 'FILE_NOT_FOUND') return undefined
    throw error
  }
}
