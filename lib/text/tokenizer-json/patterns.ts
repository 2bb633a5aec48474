import * as tokenizers from '@huggingface/tokenizers'
import { SaccadeError } from '../../errors.js'
import type { Json } from '../json.js'

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
export function readPattern(json: Json): RegExp {
  const literal = json.at('String')
  if (literal.present) return new RegExp(escapeRegExp(literal.string()), 'gu')
  const source = json.at('Regex').string()
  try {
    const { pattern } = new ReplaceNormalizer({ type: 'Replace', pattern: { Regex: source }, content: '' })
    if (pattern !== null) return pattern
  } catch (cause) {
    throw new SaccadeError(
      'TOKENIZER_INVALID',
      `${json.where}: cannot translate the pattern ${JSON.stringify(source)} (${(cause as Error).message})`,
      { cause },
    )
  }
  return json.fail('a pattern')
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
