import type { Cursor } from './cursor.js'

/**
 * Sets of characters, written as the content of a class of JavaScript (flag v). Source: doc/RE of Oniguruma 6.9.
 * Outside of a class, \w holds a few more characters of Latin-1, which are numbers but not digits.
 */
const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}'
const wordOutsideClass = `${word}\\u{b2}\\u{b3}\\u{b9}\\u{bc}-\\u{be}`

const letterSets: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  s: '\\p{White_Space}',
  w: word,
  h: '0-9A-Fa-f',
}

const namedSets: Readonly<Record<string, string>> = {
  alnum: '\\p{Alphabetic}\\p{Nd}',
  alpha: '\\p{Alphabetic}',
  ascii: '\\p{ASCII}',
  blank: '\\p{Zs}\\t',
  cntrl: '\\p{Cc}',
  digit: '\\p{Nd}',
  graph: '[[^\\p{White_Space}]--[\\p{Cc}\\p{Cn}\\p{Cs}]]',
  lower: '\\p{Lowercase}',
  print: '[[\\p{Zs}[^\\p{White_Space}]]--[\\p{Cc}\\p{Cn}\\p{Cs}]]',
  punct: '\\p{P}\\p{S}',
  space: '\\p{White_Space}',
  upper: '\\p{Uppercase}',
  word,
  xdigit: '0-9A-Fa-f',
}

/** A set of characters. `cased`: whether it distinguishes upper and lower case. */
export interface CharSet {
  readonly content: string
  readonly cased: boolean
}

const casedNames = /^(?:upper|lower|L[ult]|(?:Upper|Lower|Title)case(?:_Letter)?)$/i
const posixPattern = /\[:(\^?)(\w+):\]/y
const letterPattern = /\\([dDsSwWhH])/y
const propertyPattern = /\\([pP])\{(\^?)([\w -]+)\}/y

/** A POSIX bracket such as [:alpha:], if one comes next. */
export function takePosix(cursor: Cursor): CharSet | undefined {
  const match = cursor.take(posixPattern)
  if (!match) return undefined
  const [, negated, name] = match
  const content = Object.hasOwn(namedSets, name!)
    ? namedSets[name!]!
    : cursor.fail(`unknown class ${match[0]}`)
  return { content: negated ? `[^${content}]` : content, cased: casedNames.test(name!) }
}

/** An escape such as \d or \p{Lu} that stands for a set, if one comes next. */
export function takeSet(cursor: Cursor, insideClass: boolean): CharSet | undefined {
  const letter = cursor.take(letterPattern)?.[1]
  if (letter !== undefined) return { content: letterSet(letter, insideClass), cased: false }
  const property = cursor.take(propertyPattern)
  if (!property) return undefined
  const [, kind, caret, name] = property
  const negated = (kind === 'P') !== (caret === '^')
  const content = propertySet(name!, insideClass) ?? cursor.fail(`unknown property ${name}`)
  return { content: negated ? `[^${content}]` : content, cased: casedNames.test(name!) }
}

function letterSet(letter: string, insideClass: boolean): string {
  const lower = letter.toLowerCase()
  const content = lower === 'w' && !insideClass ? wordOutsideClass : letterSets[lower]!
  return letter === lower ? content : `[^${content}]`
}

/** Oniguruma ignores case, spaces, hyphens and underscores in names, and needs no `Script=`. */
function propertySet(name: string, insideClass: boolean): string | undefined {
  const posix = name.toLowerCase()
  if (posix === 'word' && !insideClass) return wordOutsideClass
  // The class [:punct:] has symbols, the property has not.
  if (posix === 'punct') return '\\p{P}'
  if (Object.hasOwn(namedSets, posix)) return namedSets[posix]
  const words = name
    .split(/[ _-]/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
  const candidates = [name, words.join('_')].flatMap((candidate) => [candidate, `Script=${candidate}`])
  return candidates.map((candidate) => `\\p{${candidate}}`).find(isProperty)
}

function isProperty(property: string): boolean {
  try {
    new RegExp(property, 'v')
    return true
  } catch {
    return false
  }
}
