// Values of callers. Brand checks instead of instanceof, because the classes of another realm (vm contexts, test runners)
// are not those of this one; and reads that a proxy or a getter of the caller cannot make throw.
import { types } from 'node:util'
import { invalid, type SaccadeErrorCode, show } from './errors.js'

/** How an error describes a list and its items. */
export interface ListNames {
  /** The argument. */
  readonly what: string
  /** What it can be: 'a list of shapes'. */
  readonly expected: string
  /** What an item can be. Default: the items are as `expected` says. */
  readonly item?: string
  readonly code?: SaccadeErrorCode
}

/**
 * A copy of a list.
 * @param accepts whether a value can be an item
 * @throws INPUT_INVALID, or `code`, for another value, or naming the first item that is not accepted
 */
export function readList<T>(
  value: unknown,
  accepts: (item: unknown) => item is T,
  { what, expected, item = expected, code = 'INPUT_INVALID' }: ListNames,
): T[] {
  const list: T[] = []
  const each = attempt(() => {
    if (!Array.isArray(value)) return undefined
    // Not every(), which skips the holes of a sparse array.
    for (let index = 0; index < value.length; index++) {
      const found: unknown = value[index]
      if (!accepts(found)) return { index, found }
      list.push(found)
    }
    return list
  })
  if (each === list) return list
  if (each === undefined || Array.isArray(each)) throw invalid(code, what, expected, show(value))
  throw invalid(code, `${what}: element ${each.index}`, item, show(each.found))
}

/** The value of a function that reads what a caller gave; undefined if a proxy or a getter threw. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

export const isNumber = (value: unknown): value is number => typeof value === 'number'
export const isString = (value: unknown): value is string => typeof value === 'string'
export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)

/** The bytes of a Uint8Array (a Buffer too), a Uint8ClampedArray, an ArrayBuffer or a SharedArrayBuffer, not copied. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (types.isUint8Array(value)) return value
  if (types.isUint8ClampedArray(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined
}

/** Whether a value is a URL, of Node or of another implementation of the standard. */
export function isUrl(value: unknown): value is URL {
  return attempt(() => isObject(value) && isString(value.href) && isString(value.protocol)) ?? false
}

/** Whether a value is a Blob or a File, of Node or of another implementation of the standard. */
export function isBlob(value: unknown): value is Blob {
  return (
    attempt(() => isObject(value) && typeof value.arrayBuffer === 'function' && isNumber(value.size)) ?? false
  )
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** The message of an error of any realm. */
export function messageOf(error: unknown): string {
  const message = attempt(() => (isObject(error) ? error.message : error))
  return isString(message) ? message : show(error)
}
