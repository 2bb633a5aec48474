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
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const spacePattern = /[ \n\r\t]*/y
const plainPattern = /[^"\\\p{Cc}]*/uy
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
  const parser = new Parser(text, options)
  const value = parser.value(0)
  parser.end()
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

class Parser {
  readonly #text: string
  readonly #options: JsonOptions
  #at = 0

  constructor(text: string, options: JsonOptions) {
    this.#text = text
    this.#options = options
  }

  value(depth: number): JsonValue {
    this.#space()
    const first = this.#text[this.#at]
    if (depth > maxDepth) this.#fail(tooDeep)
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return this.#string()
    if (first === 't') return this.#word('true', true)
    if (first === 'f') return this.#word('false', false)
    if (first === 'n') return this.#word('null', null)
    if (this.#options.pythonNumbers) {
      if (first === 'N') return this.#word('NaN', Number.NaN)
      if (first === 'I') return this.#word('Infinity', Number.POSITIVE_INFINITY)
      if (first === '-' && this.#text[this.#at + 1] === 'I')
        return this.#word('-Infinity', Number.NEGATIVE_INFINITY)
    }
    return this.#number()
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.#fail(`${this.#found()} after the end of the value`)
  }

  #object(depth: number): JsonMap {
    const map: JsonMap = new Map()
    this.#at++
    if (this.#take('}')) return map
    do {
      this.#space()
      const start = this.#at
      if (this.#text[start] !== '"') this.#fail(`expected a key in double quotes, got ${this.#found()}`)
      const key = this.#string()
      if (this.#options.uniqueKeys && map.has(key))
        this.#options.fail(`the key ${JSON.stringify(key)} occurs twice`, start)
      if (!this.#take(':')) this.#fail(`expected ':' after a key, got ${this.#found()}`)
      map.set(key, this.value(depth + 1))
    } while (this.#take(','))
    if (!this.#take('}')) this.#fail(`expected ',' or '}', got ${this.#found()}`)
    return map
  }

  #array(depth: number): JsonValue[] {
    const list: JsonValue[] = []
    this.#at++
    if (this.#take(']')) return list
    do list.push(this.value(depth + 1))
    while (this.#take(','))
    if (!this.#take(']')) this.#fail(`expected ',' or ']', got ${this.#found()}`)
    return list
  }

  #string(): string {
    this.#at++
    let result = ''
    for (;;) {
      plainPattern.lastIndex = this.#at
      const plain = plainPattern.exec(this.#text)![0]
      result += plain
      this.#at += plain.length
      const next = this.#text[this.#at]
      // \p{Cc} also holds U+007F to U+009F, which JSON allows.
      if (next !== undefined && next > '\u001f' && next !== '"' && next !== '\\') {
        result += next
        this.#at++
      } else if (next === '"') {
        this.#at++
        if (loneSurrogate.test(result)) this.#fail('a string with a lone surrogate')
        return result
      } else if (next === '\\') result += this.#escape()
      else
        this.#fail(
          next === undefined ? 'a string without a closing quote' : 'a control character in a string',
        )
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

  #number(): number {
    numberPattern.lastIndex = this.#at
    const token = numberPattern.exec(this.#text)?.[0]
    if (token === undefined) this.#fail(`expected a value, got ${this.#found()}`)
    const value = Number(token)
    if (this.#options.wholeNumbers && !(/^\d+$/.test(token) && Number.isSafeInteger(value)))
      this.#fail(`expected a whole number from 0 to 2^53 - 1, got ${token}`)
    this.#at += token.length
    return value
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(`expected a value, got ${this.#found()}`)
    this.#at += word.length
    return value
  }

  #take(token: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== token) return false
    this.#at++
    return true
  }

  #space(): void {
    spacePattern.lastIndex = this.#at
    this.#at += spacePattern.exec(this.#text)![0].length
  }

  #found(): string {
    const code = this.#text.codePointAt(this.#at)
    return code === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(code))
  }

  #fail(problem: string): never {
    this.#options.fail(problem, this.#at)
  }
}
