import type { Program } from './instruction.js'
import { Run } from './run.js'

/** A match, in the form of RegExp's. */
export interface Match {
  readonly 0: string
  readonly index: number
}

/** What finds all matches in a text: a RegExp with the flag g, or a {@link Matcher}. */
export interface Matches {
  [Symbol.matchAll](text: string): Iterable<Match>
}

/**
 * Finds the matches of a compiled pattern by backtracking, in bounded time. V8 would take exponential time for some
 * patterns, and a tokenizer.json may hold any. Here a part of the pattern that failed at a position is not tried there
 * again, which makes most patterns linear; the others are ended by a limit on the number of steps.
 */
export class Matcher implements Matches {
  readonly #program: Program
  readonly #what: string

  constructor(program: Program, what: string) {
    this.#program = program
    this.#what = what
  }

  /** @throws LIMIT_EXCEEDED for a match that takes too many steps */
  *[Symbol.matchAll](text: string): Generator<Match, undefined> {
    const run = new Run(this.#program, text, this.#what)
    for (let at = run.nextStart(0); at <= text.length; at = run.nextStart(at)) {
      const end = run.matchAt(at)
      if (end < 0) at += text.codePointAt(at)! > 0xffff ? 2 : 1
      else {
        yield { 0: text.slice(at, end), index: at }
        at = end > at ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1)
      }
    }
    return undefined
  }
}
