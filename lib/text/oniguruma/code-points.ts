const pageBits = 8
const pageSize = 2 ** pageBits

/** A set of code points, given as a class of JavaScript with the flag v. What it was asked is kept in tables. */
export class CodePoints {
  readonly #pattern: RegExp
  /** For each code point: 0 if it is not known yet, 1 outside of the set, 2 inside. */
  readonly #pages: (Uint8Array | undefined)[] = []

  /** @throws SyntaxError */
  constructor(source: string) {
    this.#pattern = new RegExp(`^${source}$`, 'v')
  }

  has(code: number): boolean {
    const page = this.#pages[code >> pageBits]
    const known = page === undefined ? 0 : page[code & (pageSize - 1)]!
    return known === 0 ? this.#find(code) : known === 2
  }

  #find(code: number): boolean {
    const inside = this.#pattern.test(String.fromCodePoint(code))
    const page = this.#pages[code >> pageBits] ?? new Uint8Array(pageSize)
    this.#pages[code >> pageBits] = page
    page[code & (pageSize - 1)] = inside ? 2 : 1
    return inside
  }
}
