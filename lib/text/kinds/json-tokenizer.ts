import { invalid, show } from '../../errors.js'
import { boolean, type Config, object, optional, string } from '../../files/config.js'
import { isBert } from '../class-defaults.js'
import type { TokenizerCore } from '../core.js'
import type { TokenizerSettings } from '../settings.js'
import { TokenizerJson } from '../tokenizer-json/tokenizer-json.js'
import { pythonTrim } from '../unicode.js'
import { Multilingual } from './multilingual.js'

/**
 * Creates a tokenizer from tokenizer.json and the settings beside it. As in the Python classes, tokenizer_config.json
 * overrides parts of tokenizer.json.
 */
export async function jsonTokenizer(json: Config, settings: TokenizerSettings): Promise<TokenizerCore> {
  const { config, className } = settings
  const values: Record<string, unknown> = { ...json.values }
  const normalizer = optional(object, json, 'normalizer')?.values
  if (isBert(className) && normalizer?.type === 'BertNormalizer')
    values.normalizer = {
      ...normalizer,
      lowercase: boolean(config, 'do_lower_case', true),
      strip_accents: config.values.strip_accents ?? null,
      handle_chinese_chars: boolean(config, 'tokenize_chinese_chars', true),
    }
  // SigLIP 2 was trained on lower-cased texts, with the tokenizer of Gemma.
  if (settings.lowercase || className === 'Siglip2Tokenizer')
    values.normalizer = lowercaseFirst(values.normalizer)
  const preTokenizer = optional(object, json, 'pre_tokenizer')?.values
  if (preTokenizer?.type === 'ByteLevel')
    values.pre_tokenizer = { ...preTokenizer, add_prefix_space: boolean(config, 'add_prefix_space', false) }
  const clip = className === 'CLIPTokenizer'
  const suffix = clip ? string(object(json, 'model'), 'end_of_word_suffix', '') : ''
  const tokenizer = await TokenizerJson.read(
    { ...json, values },
    settings.addedTokens,
    clip ? (text) => spaceWords(text, suffix) : undefined,
  )
  return className === 'NllbTokenizer' ? multilingual(tokenizer, settings, json.file) : tokenizer
}

/** The class of NLLB puts the language around the text, whatever the post-processor of the file does. */
function multilingual(
  tokenizer: TokenizerJson,
  { config, specialTokens }: TokenizerSettings,
  file: string,
): TokenizerCore {
  const source = string(config, 'src_lang', 'eng_Latn')
  const { eos = '</s>' } = specialTokens
  const id = tokenizer.id(eos)
  if (id === undefined) throw invalid('TOKENIZER_INVALID', file, `a token ${show(eos)}`, 'none')
  return new Multilingual(tokenizer, {
    ...{ token: (code) => code, source, eos: id },
    target: optional(string, config, 'tgt_lang') ?? source,
    isSuffix: boolean(config, 'legacy_behaviour', false),
  })
}

/** Added tokens keep their case: the normalizer sees the text between them. */
function lowercaseFirst(normalizer: unknown): unknown {
  const rest = normalizer === undefined || normalizer === null ? [] : [normalizer]
  return { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, ...rest] }
}

/** The decoder of CLIP leaves the suffix of words, `</w>`, in the text. */
function spaceWords(text: string, end: string): string {
  return pythonTrim(end === '' ? text : text.replaceAll(end, ' '))
}
