import type { Turns } from '../turns.js'

/** Characters that JSON.parse reads in a few milliseconds. */
const pieceChars = 2 ** 16

/** Containers within containers that are taken apart; what is deeper is read at once. */
const levels = 4

const [quote, backslash, comma] = ['"', '\\', ','].map((char) => char.charCodeAt(0)) as [
  number,
  number,
  number,
]
/** An object of more members is read as a Map: adding one to so large an object can take tens of milliseconds. */
const mostMembers = 2 ** 16

const brackets = { '{': '}', '[': ']' } as const

/**
 * JSON.parse of a long text, with turns of the event loop between pieces of it: large objects and lists are read a few
 * members at a time. An object of more than 65,536 members, as vocabularies are, becomes a Map.
 * @throws SyntaxError, which does not tell the place
 */
export async function parseInPieces(text: string, turns: Turns): Promise<unknown> {
  return parseValue(text, turns, levels)
}

async function parseValue(given: string, turns: Turns, level: number): Promise<unknown> {
  await turns.step()
  const open = given.length > pieceChars && level > 0 ? /^[ \t\r\n]*([[{])/.exec(given) : null
  if (!open) return JSON.parse(given)
  const bracket = open[1] as keyof typeof brackets
  const members = new Members(bracket, turns, level)
  let depth = 0
  let from = open[0].length
  let last = from
  let at = from
  let pause = at
  for (; at < given.length && depth >= 0; at++) {
    if (at >= pause) {
      await turns.step()
      pause = at + pieceChars
    }
    const code = given.charCodeAt(at)
    if (code === quote) at = endOfString(given, at)
    else if (isBracket(code)) depth += isOpening(code) ? 1 : -1
    else if (code === comma && depth === 0) {
      // The members up to the one that ends here would be too long together.
      if (at - from > pieceChars && last > from) {
        await members.add(given.slice(from, last))
        from = last + 1
      }
      last = at
    }
  }
  const end = at - 1
  if (given[end] !== brackets[bracket] || !/^[ \t\r\n]*$/.test(given.slice(at)))
    throw new SyntaxError('the brackets do not match')
  if (last > from && end - from > pieceChars) {
    await members.add(given.slice(from, last))
    from = last + 1
  }
  await members.add(given.slice(from, end))
  return members.finish()
}

/** The members of an object or a list. */
class Members {
  readonly #items: unknown[] = []
  readonly #parts: Record<string, unknown>[] = []
  #count = 0
  readonly #open: keyof typeof brackets
  readonly #turns: Turns
  readonly #level: number
  #isEmpty = false
  #hasMembers = false

  constructor(open: keyof typeof brackets, turns: Turns, level: number) {
    this.#open = open
    this.#turns = turns
    this.#level = level
  }

  /** @param piece one member, or several with commas between them; blank for a container without any */
  async add(piece: string): Promise<void> {
    await this.#turns.step()
    const isBlank = /^[ \t\r\n]*$/.test(piece)
    if (this.#isEmpty || (isBlank && this.#hasMembers)) throw new SyntaxError('a member is missing')
    this.#isEmpty = isBlank
    this.#hasMembers = true
    if (isBlank) return
    // A long piece is one member.
    const key = this.#open === '{' && piece.length > pieceChars ? keyBefore(piece) : undefined
    const level = this.#level - 1
    if (key) {
      const value = await parseValue(piece.slice(key.end), this.#turns, level)
      this.#addPart(Object.fromEntries([[JSON.parse(key.text), value]]))
    } else if (this.#open === '{') this.#addPart(JSON.parse(`{${piece}}`))
    else if (piece.length > pieceChars) this.#items.push(await parseValue(piece, this.#turns, level))
    else for (const item of JSON.parse(`[${piece}]`)) this.#items.push(item)
  }

  #addPart(part: Record<string, unknown>): void {
    this.#parts.push(part)
    this.#count += Object.keys(part).length
  }

  /** As JSON.parse does: the last of equal keys counts. */
  async finish(): Promise<unknown> {
    if (this.#open === '[') return this.#items
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
function keyBefore(member: string): { text: string; end: number } | undefined {
  const start = member.indexOf('"')
  const end = start < 0 ? -1 : endOfString(member, start) + 1
  const colon = end < 0 ? null : /^[ \t\r\n]*:/.exec(member.slice(end, end + 1000))
  if (!colon || !/^[ \t\r\n]*$/.test(member.slice(0, start))) return undefined
  return { text: member.slice(start, end), end: end + colon[0].length }
}

/** The index of the quote that ends the string that begins at an index. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
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
