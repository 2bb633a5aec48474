import { show } from '../errors.js'

/** A JSON value whose objects are Maps: keys cannot reach a prototype, and keep their order. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonMap
export type JsonMap = Map<string, JsonValue>

export interface JsonOptions {
  /** Called with a fault and its index in the text; must throw. */
  readonly fail: (problem: string, at: number) => never
  /** Refuse a key that occurs twice in an object, of which JSON.parse keeps the last. */
  readonly uniqueKeys?: boolean
  /** Refuse numbers that cannot be sizes or offsets: negative, fractional, or above 2^53 - 1. */
  readonly wholeNumbers?: boolean
  /** Accept NaN, Infinity and -Infinity, which Python's json module writes. */
  readonly pythonNumbers?: boolean
}

const maxDepth = 128
const loneSurrogate = /\p{Cs}/u
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Parses strict JSON. Unlike JSON.parse, it reports the index of a fault and repeated keys, and limits nesting. */
export function parseJson(text: string, options: JsonOptions): JsonValue {
  const reader = new JsonReader(text, options)
  const value = reader.value()
  reader.end()
  return value
}

/** What {@link tooDeepAt} finds, in words. */
export const tooDeep = `nested deeper than ${maxDepth} levels`

/** Index of the first bracket of a JSON text that is nested deeper than parseJson allows, or undefined. */
export function tooDeepAt(text: string): number | undefined {
  const [quote, backslash] = ['"'.charCodeAt(0), '\\'.charCodeAt(0)]
  const [opening, closing] = ['{'.charCodeAt(0), '}'.charCodeAt(0)]
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) inString = !inString
    else if (inString) at += code === backslash ? 1 : 0
    // Square brackets differ from braces in one bit.
    else if ((code | 0x20) === opening) {
      if (++depth > maxDepth) return at
    } else if ((code | 0x20) === closing) depth--
  }
  return undefined
}

/** Line and column of an index in a text, both from 1. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (;;) {
    const end = text.indexOf('\n', start)
    if (end < 0 || end >= at) return { line, column: at - start + 1 }
    line++
    start = end + 1
  }
}

/**
 * Reads strict JSON value by value, so that a file of many values need not be in memory as a whole. Each method reads
 * the next value, which must be of its kind.
 */
export class JsonReader {
  readonly #text: string
  readonly #options: JsonOptions
  #at = 0
  #depth = 0

  constructor(text: string, options: JsonOptions) {
    this.#text = text
    this.#options = options
  }

  /** The next value, of any kind. */
  value(): JsonValue {
    const first = this.peek()
    if (first === '{') {
      const map: JsonMap = new Map()
      this.object((key) => map.set(key, this.value()))
      return map
    }
    if (first === '[') {
      const list: JsonValue[] = []
      this.array(() => list.push(this.value()))
      return list
    }
    if (first === '"') return this.string()
    if (first === 't') return this.#word('true', true)
    if (first === 'f') return this.#word('false', false)
    if (first === 'n') return this.#word('null', null)
    if (this.#options.pythonNumbers) {
      if (first === 'N') return this.#word('NaN', Number.NaN)
      if (first === 'I') return this.#word('Infinity', Number.POSITIVE_INFINITY)
      if (first === '-' && this.#text[this.#at + 1] === 'I')
        return this.#word('-Infinity', Number.NEGATIVE_INFINITY)
    }
    return this.number()
  }

  /** The first character of the next value; undefined at the end of the text. */
  peek(): string | undefined {
    this.#space()
    return this.#text[this.#at]
  }

  /** Reads past the next value, of any kind. Keys that occur twice in it are no fault. */
  skip(): void {
    const first = this.peek()
    if (first === '{') this.#members(() => this.skip())
    else if (first === '[') this.array(() => this.skip())
    else this.value()
  }

  /** Calls `read` after each key; it must read the value. */
  object(read: (key: string) => void): void {
    const keys = new Set<string>()
    this.#members((key, at) => {
      if (this.#options.uniqueKeys) {
        if (keys.has(key)) this.#options.fail(`the key ${show(key)} occurs twice`, at)
        keys.add(key)
      }
      read(key)
    })
  }

  #members(read: (key: string, at: number) => void): void {
    this.#open('{')
    if (!this.#take('}')) {
      do {
        this.#space()
        const at = this.#at
        if (this.#text[at] !== '"') this.#fail(`expected a key in double quotes, got ${this.#found()}`)
        const key = this.string()
        if (!this.#take(':')) this.#fail(`expected ':' after a key, got ${this.#found()}`)
        read(key, at)
      } while (this.#take(','))
      if (!this.#take('}')) this.#fail(`expected ',' or '}', got ${this.#found()}`)
    }
    this.#depth--
  }

  /** Calls `read` before each item; it must read the item. */
  array(read: () => void): void {
    this.#open('[')
    if (!this.#take(']')) {
      do read()
      while (this.#take(','))
      if (!this.#take(']')) this.#fail(`expected ',' or ']', got ${this.#found()}`)
    }
    this.#depth--
  }

  string(): string {
    this.#expect('"')
    const text = this.#text
    let result = ''
    let start = this.#at
    let surrogates = false
    for (;;) {
      const code = text.charCodeAt(this.#at) // NaN at the end
      if (code === 0x22) break
      if (code === 0x5c) {
        result += text.slice(start, this.#at) + this.#escape()
        surrogates = true // perhaps
        start = this.#at
      } else if (code >= 0x20) {
        if (code >= 0xd800 && code < 0xe000) surrogates = true
        this.#at++
      } else
        this.#fail(
          this.#at < text.length ? 'a control character in a string' : 'a string without a closing quote',
        )
    }
    result += text.slice(start, this.#at)
    this.#at++
    if (surrogates && loneSurrogate.test(result)) this.#fail('a string with a lone surrogate')
    return result
  }

  number(): number {
    this.#space()
    const start = this.#at
    if (this.#text[start] === '-') this.#at++
    const whole = this.#digits()
    const zeros = this.#text[this.#at - whole] === '0' && whole > 1
    if (whole === 0) {
      this.#at = start
      this.#fail(`expected a value, got ${this.#found()}`)
    }
    // The value ends after a leading zero; a digit there is a fault of what follows.
    if (zeros) this.#at -= whole - 1
    else {
      this.#optional('.', '')
      this.#optional('eE', '+-')
    }
    const token = this.#text.slice(start, this.#at)
    const value = Number(token)
    if (
      this.#options.wholeNumbers &&
      !(token.length <= 16 && /^\d+$/.test(token) && Number.isSafeInteger(value))
    ) {
      this.#at = start
      this.#fail(`expected a whole number from 0 to 2^53 - 1, got ${show(token)}`)
    }
    return value
  }

  end(): void {
    if (this.peek() !== undefined) this.#fail(`${this.#found()} after the end of the value`)
  }

  /** Reads digits after one of these characters, and perhaps one of those; nothing if there are none. */
  #optional(first: string, second: string): void {
    const start = this.#at
    if (start === this.#text.length || !first.includes(this.#text[start]!)) return
    this.#at++
    if (this.#at < this.#text.length && second.includes(this.#text[this.#at]!)) this.#at++
    if (this.#digits() === 0) this.#at = start
  }

  /** Reads digits. @returns how many */
  #digits(): number {
    const start = this.#at
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (!(code >= 0x30 && code <= 0x39)) return this.#at - start
      this.#at++
    }
  }

  #escape(): string {
    const kind = this.#text[this.#at + 1] ?? ''
    if (kind === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!/^[\da-fA-F]{4}$/.test(digits)) this.#fail('expected four hexadecimal digits after \\u')
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    if (!Object.hasOwn(escapes, kind)) this.#fail(`unknown escape \\${kind}`)
    this.#at += 2
    return escapes[kind]!
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(`expected a value, got ${this.#found()}`)
    this.#at += word.length
    return value
  }

  #open(token: string): void {
    if (++this.#depth > maxDepth) this.#fail(tooDeep)
    this.#expect(token)
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`expected '${token}', got ${this.#found()}`)
  }

  #take(token: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== token) return false
    this.#at++
    return true
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #found(): string {
    const code = this.#text.codePointAt(this.#at)
    return code === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(code))
  }

  #fail(problem: string): never {
    this.#options.fail(problem, this.#at)
  }
}
