import type { Turns } from '../turns.js'

/** Bytes that JSON.parse reads in a few milliseconds. */
const pieceBytes = 2 ** 16

/** Containers within containers that are taken apart; what is deeper is read at once. */
const levels = 4

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
/** Space, tab, line feed, carriage return. */
const whiteSpace: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
/** An object of more members is read as a Map: adding one to so large an object can take tens of milliseconds. */
const mostMembers = 2 ** 16

const [brace, squareBracket] = [0x7b, 0x5b]

/**
 * JSON.parse of a long text, with turns of the event loop between pieces of it: large objects and lists are read a few
 * members at a time. An object of more than 65,536 members, as vocabularies are, becomes a Map.
 * @param text valid UTF-8: to make one string of megabytes takes tens of milliseconds
 * @throws SyntaxError, which does not tell the place
 */
export async function parseInPieces(text: Uint8Array, turns: Turns): Promise<unknown> {
  return parseValue(text, turns, levels)
}

async function parseValue(given: Uint8Array, turns: Turns, level: number): Promise<unknown> {
  await turns.step()
  const start = skipSpace(given, 0)
  const bracket = given[start]
  const large = given.length > pieceBytes && level > 0
  if (!large || (bracket !== brace && bracket !== squareBracket)) return JSON.parse(decoder.decode(given))
  const members = new Members(bracket === brace, turns, level)
  let depth = 0
  let from = start + 1
  let last = from
  let at = from
  let pause = at
  for (; at < given.length && depth >= 0; at++) {
    if (at >= pause) {
      await turns.step()
      pause = at + pieceBytes
    }
    const code = given[at]!
    if (code === quote) at = endOfString(given, at)
    else if (isBracket(code)) depth += isOpening(code) ? 1 : -1
    else if (code === comma && depth === 0) {
      // The members up to the one that ends here would be too long together.
      if (at - from > pieceBytes && last > from) {
        await members.add(given.subarray(from, last))
        from = last + 1
      }
      last = at
    }
  }
  const end = at - 1
  // A closing bracket differs from its opening one by 2.
  if (given[end] !== bracket + 2 || !isBlank(given.subarray(at)))
    throw new SyntaxError('the brackets do not match')
  if (last > from && end - from > pieceBytes) {
    await members.add(given.subarray(from, last))
    from = last + 1
  }
  await members.add(given.subarray(from, end))
  return members.finish()
}

/** The members of an object or a list. */
class Members {
  readonly #items: unknown[] = []
  readonly #parts: Record<string, unknown>[] = []
  #count = 0
  readonly #isObject: boolean
  readonly #turns: Turns
  readonly #level: number
  #isEmpty = false
  #hasMembers = false

  constructor(isObject: boolean, turns: Turns, level: number) {
    this.#isObject = isObject
    this.#turns = turns
    this.#level = level
  }

  /** @param piece one member, or several with commas between them; blank for a container without any */
  async add(piece: Uint8Array): Promise<void> {
    await this.#turns.step()
    const blank = isBlank(piece)
    if (this.#isEmpty || (blank && this.#hasMembers)) throw new SyntaxError('a member is missing')
    this.#isEmpty = blank
    this.#hasMembers = true
    if (blank) return
    // A long piece is one member.
    const key = this.#isObject && piece.length > pieceBytes ? keyBefore(piece) : undefined
    const level = this.#level - 1
    if (key) {
      const value = await parseValue(piece.subarray(key.end), this.#turns, level)
      this.#addPart(Object.fromEntries([[JSON.parse(key.text), value]]))
    } else if (this.#isObject) this.#addPart(JSON.parse(`{${decoder.decode(piece)}}`))
    else if (piece.length > pieceBytes) this.#items.push(await parseValue(piece, this.#turns, level))
    else for (const item of JSON.parse(`[${decoder.decode(piece)}]`)) this.#items.push(item)
  }

  #addPart(part: Record<string, unknown>): void {
    this.#parts.push(part)
    this.#count += Object.keys(part).length
  }

  /** As JSON.parse does: the last of equal keys counts. */
  async finish(): Promise<unknown> {
    if (!this.#isObject) return this.#items
    if (this.#count <= mostMembers) return this.#object()
    const map = new Map<string, unknown>()
    for (const part of this.#parts) {
      for (const [key, value] of Object.entries(part)) map.set(key, value)
      await this.#turns.step()
    }
    return map
  }

  async #object(): Promise<Record<string, unknown>> {
    const value: Record<string, unknown> = {}
    for (const part of this.#parts) {
      for (const [key, item] of Object.entries(part)) set(value, key, item)
      await this.#turns.step()
    }
    return value
  }
}

/** `__proto__` is a key as any other. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/** The key of a member as JSON, and the index behind its colon. */
function keyBefore(member: Uint8Array): { text: string; end: number } | undefined {
  const start = skipSpace(member, 0)
  if (member[start] !== quote) return undefined
  const end = endOfString(member, start) + 1
  const at = skipSpace(member, end)
  if (member[at] !== colon) return undefined
  return { text: decoder.decode(member.subarray(start, end)), end: at + 1 }
}

function isBlank(text: Uint8Array): boolean {
  return skipSpace(text, 0) === text.length
}

/** The index of the first character that is no white space. */
function skipSpace(text: Uint8Array, start: number): number {
  let at = start
  while (whiteSpace.has(text[at]!)) at++
  return at
}

/** The index of the quote that ends the string that begins at an index. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text[at]
    if (code === backslash) at++
    else if (code === quote) return at
  }
  throw new SyntaxError('a string does not end')
}

/** Square brackets differ from braces in one bit. */
function isBracket(code: number): boolean {
  return (code | 0x20) === 0x7b || (code | 0x20) === 0x7d
}

function isOpening(code: number): boolean {
  return (code | 0x20) === 0x7b
}
