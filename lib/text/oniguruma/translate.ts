import { checkLimit } from '../../limits.js'
import { takeClass } from './char-class.js'
import { caseVariants, escapeCharacter, takeCharacter } from './characters.js'
import { Cursor } from './cursor.js'
import { Matcher } from './matcher.js'
import type { Node, RepeatMode } from './pattern.js'
import { compile } from './program.js'
import { takeSet } from './sets.js'

const intervalPattern = /\{(\d+)(,\d*)?\}|\{,(\d+)\}/y
/** The largest number of repetitions in Oniguruma. */
const maxCount = 100_000

const groupPattern = /\((?:(\?[:=!>]|\?<[=!]|\?<\w+>|\?([im]*)(?:-([im]+))?([:)]))|(?!\?))/y
const commentPattern = /\(\?#[^)]*\)/y

const anyCharacter: Node = { type: 'set', source: '[\\p{Any}]' }

/** Escapes that match a position, or more than one character, in terms of others. */
const composed: ReadonlyMap<string, string> = new Map([
  ['\\Z', '(?=\\n?\\z)'],
  ['\\b', '(?:(?<!\\w)(?=\\w)|(?<=\\w)(?!\\w))'],
  ['\\B', '(?:(?<!\\w)(?!\\w)|(?<=\\w)(?=\\w))'],
  ['\\R', '(?:\\r\\n|(?!\\r\\n)[\\n\\v\\f\\r\\x{85}\\x{2028}\\x{2029}])'],
  // Lines, not texts, begin and end at these.
  ['^', '(?:\\A|(?<=\\n)(?=\\p{Any}))'],
  ['$', '(?=\\n|\\z)'],
])

/**
 * Reads a pattern of Oniguruma in the syntax of Ruby, which is what tokenizer.json holds.
 * Source: doc/RE and doc/SYNTAX.md of Oniguruma 6.9. Back references, calls of groups, conditions, absent expressions
 * and free spacing are not supported; where case is ignored, a character is equal to others only one by one (ß is not
 * equal to ss).
 * @param what file and key, for errors while it matches
 * @throws SyntaxError naming what is wrong, or not supported; LIMIT_EXCEEDED for a pattern that is too long
 */
export function translatePattern(source: string, what = 'pattern'): Matcher {
  checkLimit('patternLength', source.length, what)
  return new Matcher(compile(new Parser(source).whole(), what), what)
}

class Parser {
  readonly #cursor: Cursor
  #ignoreCase = false
  #dotMatchesNewline = false
  #lookBehinds = 0

  constructor(source: string) {
    this.#cursor = new Cursor(source)
  }

  whole(): Node {
    const pattern = this.#alternatives()
    if (!this.#cursor.done) this.#cursor.fail('a parenthesis that closes nothing')
    return pattern
  }

  /** Up to the end of the group. */
  #alternatives(): Node {
    const options: Node[][] = [[]]
    while (!this.#cursor.done && !this.#cursor.startsWith(')'))
      if (this.#cursor.skip('|')) options.push([])
      else options.at(-1)!.push(this.#quantified())
    const nodes = options.map((items): Node => (items.length === 1 ? items[0]! : { type: 'sequence', items }))
    return nodes.length === 1 ? nodes[0]! : { type: 'choice', options: nodes }
  }

  #quantified(): Node {
    const cursor = this.#cursor
    if (/^[*+?]/.test(cursor.source.slice(cursor.at, cursor.at + 1))) cursor.fail('nothing to repeat')
    let node = this.#atom()
    for (;;) {
      const interval = cursor.take(intervalPattern)
      if (interval) node = this.#interval(node, interval)
      else if (cursor.skip('*')) node = this.#repeat(node, 0, Infinity)
      else if (cursor.skip('+')) node = this.#repeat(node, 1, Infinity)
      else if (cursor.skip('?')) node = this.#repeat(node, 0, 1)
      else return node
    }
  }

  /** Behind {n}, a question mark makes the repetition optional, not lazy. */
  #interval(node: Node, [, from, to, onlyTo]: RegExpExecArray): Node {
    const isFixed = to === undefined && onlyTo === undefined
    const min = Number(from ?? 0)
    const max = isFixed ? min : onlyTo !== undefined ? Number(onlyTo) : Number(to!.slice(1) || Infinity)
    if (min > maxCount || (max > maxCount && max < Infinity))
      this.#cursor.fail(`a repetition of more than ${maxCount}`)
    if (min > max) this.#cursor.fail('a repetition that is out of order')
    const mode = !isFixed && this.#cursor.skip('?') ? 'lazy' : 'greedy'
    return { type: 'repeat', node, min, max, mode }
  }

  #repeat(node: Node, min: number, max: number): Node {
    let mode: RepeatMode = 'greedy'
    if (this.#cursor.skip('?')) mode = 'lazy'
    else if (this.#cursor.skip('+')) mode = 'possessive'
    if (mode === 'possessive') this.#checkAtomic()
    return { type: 'repeat', node, min, max, mode }
  }

  #checkAtomic(): void {
    if (this.#lookBehinds > 0) this.#cursor.fail('an atomic group inside a look-behind')
  }

  #atom(): Node {
    const cursor = this.#cursor
    if (cursor.take(commentPattern)) return { type: 'sequence', items: [] }
    const group = cursor.take(groupPattern)
    if (group) return cursor.nested(() => this.#group(group))
    if (cursor.startsWith('(')) cursor.fail('a group of a kind that is not supported')
    if (cursor.skip('[')) return { type: 'set', source: takeClass(cursor, this.#ignoreCase) }
    if (cursor.skip('.')) return this.#dotMatchesNewline ? anyCharacter : { type: 'set', source: '[^\\n]' }
    if (cursor.skip('\\A')) return { type: 'start' }
    if (cursor.skip('\\z')) return { type: 'end' }
    for (const [text, pattern] of composed) if (cursor.skip(text)) return new Parser(pattern).whole()
    const set = takeSet(cursor, false)
    if (set) return { type: 'set', source: `[${set.content}]` }
    const code = takeCharacter(cursor)
    const variants = this.#ignoreCase ? caseVariants(code) : [code]
    if (variants.length === 1) return { type: 'char', code }
    return { type: 'set', source: `[${variants.map(escapeCharacter).join('')}]` }
  }

  #group([, prefix, on = '', off = '', end]: RegExpExecArray): Node {
    const saved = [this.#ignoreCase, this.#dotMatchesNewline] as const
    if (on.includes('i')) this.#ignoreCase = true
    if (on.includes('m')) this.#dotMatchesNewline = true
    if (off.includes('i')) this.#ignoreCase = false
    if (off.includes('m')) this.#dotMatchesNewline = false
    const behind = prefix === '?<=' || prefix === '?<!'
    if (behind) this.#lookBehinds++
    const node = this.#alternatives()
    if (behind) this.#lookBehinds--
    ;[this.#ignoreCase, this.#dotMatchesNewline] = saved
    // Options without a colon hold up to the end of the group around them, alternatives included.
    if (end === ')') return node
    if (!this.#cursor.skip(')')) this.#cursor.fail('a parenthesis that is not closed')
    if (prefix === '?>') {
      this.#checkAtomic()
      return { type: 'atomic', node }
    }
    const looks = behind || prefix === '?=' || prefix === '?!'
    return looks ? { type: 'look', behind, negated: prefix!.endsWith('!'), node } : node
  }
}
