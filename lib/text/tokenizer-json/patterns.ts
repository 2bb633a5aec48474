import { invalid, show } from '../../errors.js'
import { type Config, isSet, nameOf, string } from '../../files/config.js'
import { translatePattern } from '../oniguruma/translate.js'

/** The pattern of a component: `{ String }` is literal, `{ Regex }` is a pattern of Oniguruma. */
export function readPattern(config: Config): RegExp {
  if (isSet(config, 'String')) return new RegExp(escapeRegExp(string(config, 'String')), 'gu')
  const source = string(config, 'Regex')
  try {
    return translatePattern(source)
  } catch (cause) {
    const expected = `a pattern that can be translated (${(cause as Error).message})`
    throw invalid(config.code, nameOf(config, 'Regex'), expected, show(source), { cause })
  }
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
