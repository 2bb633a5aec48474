import * as tokenizers from '@huggingface/tokenizers'
import { SaccadeError, show } from '../../errors.js'
import { type Config, configInvalid, isSet, nameOf, string } from '../../files/config.js'

/** What we use of the package. Its own type files import without extensions, which `nodenext` cannot follow. */
const { ReplaceNormalizer } = tokenizers as unknown as {
  ReplaceNormalizer: new (config: {
    type: 'Replace'
    pattern: { Regex: string }
    content: string
  }) => { readonly pattern: RegExp | null }
}

/**
 * The pattern of a component: `{ String }` is literal, `{ Regex }` is in the dialect of Oniguruma, whose translation
 * to JavaScript comes from @huggingface/tokenizers. The result has the flags `gu`.
 */
export function readPattern(config: Config): RegExp {
  if (isSet(config, 'String')) return new RegExp(escapeRegExp(string(config, 'String')), 'gu')
  const source = string(config, 'Regex')
  try {
    const { pattern } = new ReplaceNormalizer({ type: 'Replace', pattern: { Regex: source }, content: '' })
    if (pattern !== null) return pattern
  } catch (cause) {
    throw new SaccadeError(
      'TOKENIZER_INVALID',
      `${nameOf(config, 'Regex')}: cannot translate the pattern ${show(source)} (${(cause as Error).message})`,
      { cause },
    )
  }
  throw configInvalid(config, 'Regex', 'a pattern')
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
