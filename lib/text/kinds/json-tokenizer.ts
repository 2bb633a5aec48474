import { isBert } from '../class-defaults.js'
import type { TokenizerCore } from '../core.js'
import { Json } from '../json.js'
import type { TokenizerSettings } from '../settings.js'
import { TokenizerJson } from '../tokenizer-json/tokenizer-json.js'
import { pythonTrim } from '../unicode.js'

/**
 * A tokenizer.json together with the settings beside it. The Python classes let tokenizer_config.json override parts
 * of tokenizer.json when they load it, and so do we.
 */
export function jsonTokenizer(json: Json, settings: TokenizerSettings): TokenizerCore {
  const content = { ...json.object() }
  const { config, className } = settings
  const normalizer = json.at('normalizer')
  if (isBert(className) && normalizer.present && normalizer.at('type').value === 'BertNormalizer') {
    content.normalizer = {
      ...normalizer.object(),
      lowercase: config.at('do_lower_case').boolean(true),
      strip_accents: config.at('strip_accents').value ?? null,
      handle_chinese_chars: config.at('tokenize_chinese_chars').boolean(true),
    }
  }
  const preTokenizer = json.at('pre_tokenizer')
  if (preTokenizer.present && preTokenizer.at('type').value === 'ByteLevel')
    content.pre_tokenizer = {
      ...preTokenizer.object(),
      add_prefix_space: config.at('add_prefix_space').boolean(false),
    }
  const suffix = json.at('model').at('end_of_word_suffix')
  const ended = className === 'CLIPTokenizer' && suffix.present ? suffix.string() : ''
  return new TokenizerJson(
    new Json(content, json.where, json.code),
    settings.addedTokens,
    className === 'CLIPTokenizer' ? (text) => spaceWords(text, ended) : undefined,
  )
}

/** The decoder of CLIP leaves the ends of words, `</w>`, in the text. */
function spaceWords(text: string, end: string): string {
  return pythonTrim(end === '' ? text : text.replaceAll(end, ' '))
}
