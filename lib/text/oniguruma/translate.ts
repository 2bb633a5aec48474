import { takeClass } from './char-class.js'
import { caseVariants, escapeCharacter, takeCharacter } from './characters.js'
import { Cursor } from './cursor.js'
import { takeSet, wordOutsideClass } from './sets.js'

const intervalPattern = /\{(\d+)(,\d*)?\}|\{,(\d+)\}/y
const groupPattern = /\((?:(\?[:=!>]|\?<[=!]|\?<\w+>|\?([im]*)(?:-([im]+))?([:)]))|(?!\?))/y
const commentPattern = /\(\?#[^)]*\)/y

/** Not [^]: with the flag v, V8 11 matches [^]+ one character at a time. */
const anyCharacter = '\\p{Any}'
const word = `[${wordOutsideClass}]`
const newlines = '\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}'

/** Escapes that match a position, or more than one character. */
const assertions: ReadonlyMap<string, string> = new Map([
  ['\\A', '^'],
  ['\\z', '$'],
  ['\\Z', '(?=\\n?$)'],
  ['\\b', `(?:(?<!${word})(?=${word})|(?<=${word})(?!${word}))`],
  ['\\B', `(?:(?<!${word})(?!${word})|(?<=${word})(?=${word}))`],
  ['\\R', `(?:\\r\\n|(?!\\r\\n)[${newlines}])`],
  // Lines, not texts, begin and end at these.
  ['^', `(?:^|(?<=\\n)(?=${anyCharacter}))`],
  ['$', '(?=\\n|$)'],
])

/**
 * Translates a pattern of Oniguruma in the syntax of Ruby, which is what tokenizer.json holds.
 * Source: doc/RE and doc/SYNTAX.md of Oniguruma 6.9. Back references, calls of groups, conditions, absent expressions
 * and free spacing are not supported; where case is ignored, a character is equal to others only one by one (ß is not
 * equal to ss).
 * @returns a pattern with the flags `gv`
 * @throws SyntaxError naming what is wrong, or not supported
 */
export function translatePattern(source: string): RegExp {
  const translator = new Translator(source)
  return new RegExp(translator.whole(), 'gv')
}

class Translator {
  readonly #cursor: Cursor
  #ignoreCase = false
  #dotMatchesNewline = false
  #lookBehinds = 0
  #atomicGroups = 0

  constructor(source: string) {
    this.#cursor = new Cursor(source)
  }

  whole(): string {
    const pattern = this.#alternatives()
    if (!this.#cursor.done) this.#cursor.fail('a parenthesis that closes nothing')
    return pattern
  }

  /** Up to the end of the group. */
  #alternatives(): string {
    let result = ''
    while (!this.#cursor.done && !this.#cursor.startsWith(')'))
      result += this.#cursor.skip('|') ? '|' : this.#quantified()
    return result
  }

  #quantified(): string {
    const cursor = this.#cursor
    if (/^[*+?]/.test(cursor.source.slice(cursor.at, cursor.at + 1))) cursor.fail('nothing to repeat')
    let term = this.#atom()
    for (let repeated = false; ; repeated = true) {
      // JavaScript neither repeats a repetition nor a look-around.
      const operand = repeated || /^\(\?<?[=!]|^[\^$]/.test(term) ? `(?:${term})` : term
      const interval = cursor.take(intervalPattern)
      if (interval) term = this.#interval(operand, interval)
      else if (cursor.skip('*')) term = this.#suffixed(`${operand}*`)
      else if (cursor.skip('+')) term = this.#suffixed(`${operand}+`)
      else if (cursor.skip('?')) term = this.#suffixed(`${operand}?`)
      else return term
    }
  }

  /** Behind {n}, a question mark makes the repetition optional, not lazy. */
  #interval(operand: string, [, min, max, onlyMax]: RegExpExecArray): string {
    const counted = `${operand}{${onlyMax === undefined ? `${min}${max ?? ''}` : `0,${onlyMax}`}}`
    const isFixed = max === undefined && onlyMax === undefined
    return !isFixed && this.#cursor.skip('?') ? `${counted}?` : counted
  }

  #suffixed(repeated: string): string {
    if (this.#cursor.skip('?')) return `${repeated}?`
    return this.#cursor.skip('+') ? this.#atomic(repeated) : repeated
  }

  /** What was matched is not given back: JavaScript has this for look-aheads only, so the text is matched again. */
  #atomic(pattern: string): string {
    if (this.#lookBehinds > 0) this.#cursor.fail('an atomic group inside a look-behind')
    const name = `atomic${this.#atomicGroups++}`
    return `(?:(?=(?<${name}>${pattern}))\\k<${name}>)`
  }

  #atom(): string {
    const cursor = this.#cursor
    if (cursor.take(commentPattern)) return ''
    const group = cursor.take(groupPattern)
    if (group) return this.#group(group)
    if (cursor.startsWith('(')) cursor.fail('a group of a kind that is not supported')
    if (cursor.skip('[')) return takeClass(cursor, this.#ignoreCase)
    if (cursor.skip('.')) return this.#dotMatchesNewline ? anyCharacter : '[^\\n]'
    for (const [text, pattern] of assertions) if (cursor.skip(text)) return pattern
    const set = takeSet(cursor, false)
    if (set) return `[${set.content}]`
    const code = takeCharacter(cursor)
    const variants = this.#ignoreCase ? caseVariants(code) : [code]
    const escaped = variants.map(escapeCharacter).join('')
    return variants.length === 1 ? escaped : `[${escaped}]`
  }

  #group([, prefix, on = '', off = '', end]: RegExpExecArray): string {
    const saved = [this.#ignoreCase, this.#dotMatchesNewline] as const
    if (on.includes('i')) this.#ignoreCase = true
    if (on.includes('m')) this.#dotMatchesNewline = true
    if (off.includes('i')) this.#ignoreCase = false
    if (off.includes('m')) this.#dotMatchesNewline = false
    const isLookBehind = prefix === '?<=' || prefix === '?<!'
    if (isLookBehind) this.#lookBehinds++
    const content = this.#alternatives()
    if (isLookBehind) this.#lookBehinds--
    ;[this.#ignoreCase, this.#dotMatchesNewline] = saved
    // Options without a colon hold up to the end of the group around them, alternatives included.
    if (end === ')') return `(?:${content})`
    if (!this.#cursor.skip(')')) this.#cursor.fail('a parenthesis that is not closed')
    if (prefix === '?>') return this.#atomic(content)
    const isLook = isLookBehind || prefix === '?=' || prefix === '?!'
    return `(${isLook ? prefix : '?:'}${content})`
  }
}
