/** Reading is recursive: a deeper pattern would overflow the stack. */
const maxDepth = 100

/** A position in the source of a pattern. */
export class Cursor {
  readonly source: string
  at = 0
  #depth = 0

  constructor(source: string) {
    this.source = source
  }

  get done(): boolean {
    return this.at >= this.source.length
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.at)
  }

  /** Steps over a text if it comes next. */
  skip(text: string): boolean {
    const found = this.startsWith(text)
    if (found) this.at += text.length
    return found
  }

  /** Steps over what a sticky pattern matches here, and gives the match. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (!match) return undefined
    this.at += match[0].length
    return match
  }

  /** Steps over one character. */
  next(): string {
    const code = this.source.codePointAt(this.at)
    if (code === undefined) return this.fail('the pattern ends too early')
    const char = String.fromCodePoint(code)
    this.at += char.length
    return char
  }

  /** Reads something that may hold others of its kind. */
  nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) this.fail(`nested deeper than ${maxDepth} levels`)
    const value = read()
    this.#depth--
    return value
  }

  fail(problem: string): never {
    throw new SyntaxError(`${problem} at index ${this.at}`)
  }
}
