import { invalid, SaccadeError, show } from '../../errors.js'
import { type Config, isSet, nameOf, string } from '../../files/config.js'
import type { Matches } from '../oniguruma/matcher.js'
import { translatePattern } from '../oniguruma/translate.js'

/** The pattern of a component: `{ String }` is literal, `{ Regex }` is a pattern of Oniguruma. */
export function readPattern(config: Config): Matches {
  if (isSet(config, 'String')) return new RegExp(escapeRegExp(string(config, 'String')), 'gu')
  const source = string(config, 'Regex')
  try {
    return translatePattern(source, nameOf(config, 'Regex'))
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    const expected = `a pattern that can be translated (${(cause as Error).message})`
    throw invalid(config.code, nameOf(config, 'Regex'), expected, show(source), { cause })
  }
}

/** The text with another in place of each match. */
export function replaceMatches(text: string, pattern: Matches, by: string): string {
  let result = ''
  let at = 0
  for (const match of pattern[Symbol.matchAll](text)) {
    result += text.slice(at, match.index) + by
    at = match.index + match[0].length
  }
  return result + text.slice(at)
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
