import type { Cursor } from './cursor.js'

const controls: Readonly<Record<string, number>> = {
  ...{ a: 0x07, e: 0x1b, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b },
}
const hexPattern = /\\(?:x\{([\dA-Fa-f]{1,8})\}|x([\dA-Fa-f]{1,2})|u([\dA-Fa-f]{4}))/y
const controlPattern = /\\([aefnrtv])/y
/** Escapes that mean something else than a character; \b is a backspace inside a class. */
const unsupported = /\\[\dCGKMNOXYgkyu]/y

/** One character, literal or escaped: the code point. */
export function takeCharacter(cursor: Cursor): number {
  const control = cursor.take(controlPattern)?.[1]
  if (control !== undefined) return controls[control]!
  const hex = cursor.take(hexPattern)
  if (hex) return Number.parseInt(hex[1] ?? hex[2] ?? hex[3]!, 16)
  const other = cursor.take(unsupported)
  if (other) cursor.fail(`the escape ${other[0]} is not supported`)
  cursor.skip('\\')
  return cursor.next().codePointAt(0)!
}

/** A character as it is written in a pattern of JavaScript, inside a class or outside. */
export function escapeCharacter(code: number): string {
  const char = String.fromCodePoint(code)
  return /^[\p{L}\p{N} ]$/u.test(char) ? char : `\\u{${code.toString(16)}}`
}

/** Characters outside of ASCII that are equal to a letter of ASCII but for case: K (Kelvin) and long s. */
const beyondAscii: Readonly<Record<string, string>> = { k: '\u212a', s: '\u017f' }

const cased = /\p{Changes_When_Casemapped}/u

/** All characters that have another case. Made when it is needed, which is not for the letters of ASCII. */
let casedCharacters: string | undefined

/** The characters that are equal to one but for case, itself among them. */
export function caseVariants(code: number): number[] {
  const char = String.fromCodePoint(code)
  if (!cased.test(char)) return [code]
  const lower = char.toLowerCase()
  if (code < 0x80) return codesOf(lower + char.toUpperCase() + (beyondAscii[lower] ?? ''))
  casedCharacters ??= findCased()
  const equal = casedCharacters.match(new RegExp(escapeCharacter(code), 'giu')) ?? []
  return codesOf(char + equal.join(''))
}

function findCased(): string {
  const all = Array.from({ length: 0x20000 }, (_, code) => String.fromCodePoint(code))
  return all.filter((char) => cased.test(char)).join('')
}

function codesOf(text: string): number[] {
  return [...new Set(text)].map((char) => char.codePointAt(0)!)
}
