import { caseVariants, escapeCharacter, takeCharacter } from './characters.js'
import type { Cursor } from './cursor.js'
import { takePosix, takeSet } from './sets.js'

/** A class in brackets as JavaScript writes it (flag v). The cursor is behind the opening bracket. */
export function takeClass(cursor: Cursor, ignoreCase: boolean): string {
  const negated = cursor.skip('^')
  const operands = ['']
  // A bracket that closes a class without content is a character.
  let first = true
  while (first || !cursor.startsWith(']')) {
    if (cursor.skip('&&')) operands.push('')
    else operands[operands.length - 1] += takeItem(cursor, ignoreCase)
    first = false
  }
  cursor.skip(']')
  const content = operands.length === 1 ? operands[0] : operands.map((operand) => `[${operand}]`).join('&&')
  return negated ? `[^${content}]` : `[${content}]`
}

function takeItem(cursor: Cursor, ignoreCase: boolean): string {
  const set = takePosix(cursor) ?? takeSet(cursor, true)
  if (set) {
    if (set.cased && ignoreCase) cursor.fail('a set of upper or lower case letters where case is ignored')
    return set.content
  }
  if (cursor.skip('[')) return cursor.nested(() => takeClass(cursor, ignoreCase))
  const from = takeClassCharacter(cursor)
  const to = startsRange(cursor) ? takeRangeEnd(cursor) : from
  if (to < from) cursor.fail('a range of characters that is out of order')
  return ignoreCase ? rangeIgnoringCase(from, to) : range(from, to)
}

function takeClassCharacter(cursor: Cursor): number {
  return cursor.skip('\\b') ? 0x08 : takeCharacter(cursor)
}

/** A hyphen is a character by itself at the end of a class. */
function startsRange(cursor: Cursor): boolean {
  return cursor.startsWith('-') && !cursor.startsWith('-]') && !cursor.startsWith('-&&')
}

function takeRangeEnd(cursor: Cursor): number {
  cursor.skip('-')
  if (cursor.startsWith('[') || takeSet(cursor, true))
    cursor.fail('a set at the end of a range of characters')
  return takeClassCharacter(cursor)
}

function range(from: number, to: number): string {
  return from === to ? escapeCharacter(from) : `${escapeCharacter(from)}-${escapeCharacter(to)}`
}

function rangeIgnoringCase(from: number, to: number): string {
  const outside = new Set<number>()
  for (let code = from; code <= to; code++)
    for (const variant of caseVariants(code)) if (variant < from || variant > to) outside.add(variant)
  return range(from, to) + [...outside].map(escapeCharacter).join('')
}
