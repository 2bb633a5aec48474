import { boolean, type Config, configInvalid, nameOf, object, string } from '../../files/config.js'
import { encodeBytes } from '../byte-level.js'
import { graphemes } from '../graphemes.js'
import { checkGrowth } from '../growth.js'
import { CharsMap } from '../sentencepiece/charsmap.js'
import { lowercase, trimEnd, trimStart, whitespace } from '../unicode.js'
import { components } from './components.js'
import { readPattern, replaceMatches } from './patterns.js'

/** A step of normalization, before the text is split. */
export type Normalize = (text: string) => string

/** Creates a normalizer of tokenizer.json. @throws TOKENIZER_INVALID if its type is unknown */
export function createNormalizer(config: Config | undefined): Normalize {
  if (!config) return (text) => text
  const type = string(config, 'type')
  switch (type) {
    case 'BertNormalizer':
      return bertNormalizer(config)
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => text.normalize(type)
    case 'Lowercase':
      return lowercase
    case 'Strip':
      return strip(boolean(config, 'strip_left'), boolean(config, 'strip_right'))
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '')
    case 'Replace': {
      const pattern = readPattern(object(config, 'pattern'))
      const content = string(config, 'content')
      return (text) => replaceMatches(text, pattern, content, nameOf(config, 'content'))
    }
    case 'Prepend': {
      const prefix = string(config, 'prepend')
      return (text) => (text === '' ? text : prefix + text)
    }
    case 'Precompiled':
      return precompiled(config)
    case 'Nmt':
      return nmt
    case 'ByteLevel':
      return encodeBytes
    case 'Sequence': {
      const steps = components(config, 'normalizers', createNormalizer)
      const what = nameOf(config, 'normalizers')
      return (text) =>
        steps.reduce((line, step) => {
          const next = step(line)
          checkGrowth(next.length, text.length, what)
          return next
        }, text)
    }
    default:
      throw configInvalid(config, 'type', 'a known normalizer')
  }
}

const unwanted = /[\0\uFFFD\p{Cf}\p{Co}]|[^\P{Cc}\t\n\r]/gu
const anySpace = new RegExp(`[${whitespace}]`, 'gu')
const ideographs = new RegExp(
  '[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\u{20000}-\\u{2A6DF}\\u{2A700}-\\u{2B73F}\\u{2B740}-\\u{2B81F}' +
    '\\u{2B920}-\\u{2CEAF}\\uF900-\\uFAFF\\u{2F800}-\\u{2FA1F}]',
  'gu',
)

function bertNormalizer(config: Config): Normalize {
  const clean = boolean(config, 'clean_text', true)
  const spaceOut = boolean(config, 'handle_chinese_chars', true)
  const lower = boolean(config, 'lowercase', true)
  const stripAccents = boolean(config, 'strip_accents', lower)
  return (text) => {
    let line = text
    if (clean) line = line.replace(unwanted, '').replace(anySpace, ' ')
    if (spaceOut) line = line.replace(ideographs, ' $& ')
    if (stripAccents) line = line.normalize('NFD').replace(/\p{Mn}/gu, '')
    return lower ? lowercase(line) : line
  }
}

function strip(left: boolean, right: boolean): Normalize {
  return (text) => {
    const head = left ? trimStart(text) : text
    return right ? trimEnd(head) : head
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this drops
const nmtDropped = /[\x01-\x08\x0B\x0E-\x1F\x7F\x8F\x9F]/g
const nmtSpaces = /[\t\n\f\r\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]/g

function nmt(text: string): string {
  return text.replace(nmtDropped, '').replace(nmtSpaces, ' ')
}

/**
 * A SentencePiece character map as the tokenizers library applies it, which differs from SentencePiece: a grapheme of
 * fewer than six bytes becomes the replacement of the *shortest* rule that matches at its start. In all others, each
 * character is replaced by itself.
 */
function precompiled(config: Config): Normalize {
  const blob = Buffer.from(string(config, 'precompiled_charsmap'), 'base64')
  const where = nameOf(config, 'precompiled_charsmap')
  const map = new CharsMap(blob, where)
  const replace = (part: string): string | undefined => {
    const bytes = Buffer.from(part, 'utf8')
    // The library's keys are C strings: a zero byte ends the search.
    const zero = bytes.indexOf(0)
    const by = map.shortest(bytes, 0, zero < 0 ? bytes.length : zero)
    return by && Buffer.from(by).toString('utf8')
  }
  const cache = new Map<string, string>()
  const convert = (grapheme: string): string => {
    let result = cache.get(grapheme)
    if (result !== undefined) return result
    const whole = Buffer.byteLength(grapheme, 'utf8') < 6 ? replace(grapheme) : undefined
    result = whole ?? Array.from(grapheme, (char) => replace(char) ?? char).join('')
    if (cache.size < 4096) cache.set(grapheme, result)
    return result
  }
  return (text) => {
    let result = ''
    for (const grapheme of graphemes(text)) {
      result += convert(grapheme)
      checkGrowth(result.length, text.length, where)
    }
    return result
  }
}
