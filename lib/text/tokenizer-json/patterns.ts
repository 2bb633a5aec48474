import { invalid, SaccadeError, show } from '../../errors.js'
import { type Config, isSet, nameOf, string } from '../../files/config.js'
import { checkGrowth } from '../growth.js'
import type { Match, Matches } from '../oniguruma/matcher.js'
import { translatePattern } from '../oniguruma/translate.js'

/** The pattern of a component: `{ String }` is literal, `{ Regex }` is a pattern of Oniguruma. */
export function readPattern(config: Config): Matches {
  if (isSet(config, 'String')) return new Literal(string(config, 'String'))
  const source = string(config, 'Regex')
  try {
    return translatePattern(source, nameOf(config, 'Regex'))
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    const expected = `a pattern that can be translated (${(cause as Error).message})`
    throw invalid(config.code, nameOf(config, 'Regex'), expected, show(source), { cause })
  }
}

/** Finds a text as it is. An empty one matches nowhere. */
export class Literal implements Matches {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Faster than match by match. An empty text is found nowhere. */
  replace(text: string, by: string, what: string): string {
    if (this.#text === '' || !text.includes(this.#text)) return text
    const parts = text.split(this.#text)
    checkGrowth(text.length + (parts.length - 1) * by.length, text.length, what)
    return parts.join(by)
  }

  *[Symbol.matchAll](text: string): Generator<Match, undefined> {
    const { length } = this.#text
    if (length === 0) return undefined
    for (let index = text.indexOf(this.#text); index >= 0; index = text.indexOf(this.#text, index + length))
      yield { 0: this.#text, index }
    return undefined
  }
}

/**
 * The text with another in place of each match.
 * @param what file and key of the other text, for errors
 * @throws LIMIT_EXCEEDED for a result that is much longer
 */
export function replaceMatches(text: string, pattern: Matches, by: string, what: string): string {
  if (pattern instanceof Literal) return pattern.replace(text, by, what)
  const parts: string[] = []
  let at = 0
  let length = text.length
  for (const match of pattern[Symbol.matchAll](text)) {
    length += by.length
    checkGrowth(length, text.length, what)
    parts.push(text.slice(at, match.index), by)
    at = match.index + match[0].length
  }
  return at === 0 && parts.length === 0 ? text : parts.join('') + text.slice(at)
}
