import { encodeBytes } from '../byte-level.js'
import type { Json } from '../json.js'
import { punctuation, whitespace, word } from '../unicode.js'
import { escapeRegExp, readPattern } from './patterns.js'
import { type Piece, readBehavior, split } from './split.js'

/** A step of splitting: a piece in, its parts out, in order and without the empty ones. */
export type PreTokenize = (piece: Piece) => Piece[]

const whitespaceRun = new RegExp(`[${whitespace}]+`, 'gu')
const wordsAndSymbols = new RegExp(`[${word}]+|[^${word}${whitespace}]+`, 'gu')
const punctuationMark = new RegExp(`[${punctuation}]`, 'gu')
const gpt2Words = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${whitespace}\\p{L}\\p{N}]+` +
    `|[${whitespace}]+(?![^${whitespace}])|[${whitespace}]+`,
  'gu',
)

/** Builds a pre-tokenizer of tokenizer.json. @throws TOKENIZER_INVALID on a kind that is not known. */
export function createPreTokenizer(json: Json): PreTokenize {
  if (!json.present) return (piece) => [piece]
  const type = json.at('type').string()
  switch (type) {
    case 'BertPreTokenizer':
      return (piece) =>
        split(piece, whitespaceRun, 'Removed').flatMap((word) => split(word, punctuationMark, 'Isolated'))
    case 'Whitespace':
      return (piece) => split(piece, wordsAndSymbols, 'Removed', true)
    case 'WhitespaceSplit':
      return (piece) => split(piece, whitespaceRun, 'Removed')
    case 'Punctuation': {
      const behavior = readBehavior(json.at('behavior'), 'Isolated')
      return (piece) => split(piece, punctuationMark, behavior)
    }
    case 'Digits': {
      const each = json.at('individual_digits').boolean(false)
      return (piece) => split(piece, /\p{N}/gu, each ? 'Isolated' : 'Contiguous')
    }
    case 'Split': {
      const pattern = readPattern(json.at('pattern'))
      const behavior = readBehavior(json.at('behavior'))
      const invert = json.at('invert').boolean()
      return (piece) => split(piece, pattern, behavior, invert)
    }
    case 'CharDelimiterSplit': {
      const pattern = new RegExp(escapeRegExp(json.at('delimiter').string()), 'gu')
      return (piece) => split(piece, pattern, 'Removed')
    }
    case 'FixedLength':
      return fixedLength(json)
    case 'ByteLevel':
      return byteLevel(json)
    case 'Metaspace':
      return metaspace(json)
    case 'Sequence': {
      const steps = json.at('pretokenizers').list().map(createPreTokenizer)
      return (piece) => steps.reduce((pieces, step) => pieces.flatMap(step), [piece])
    }
    default:
      return json.at('type').fail('a known pre-tokenizer')
  }
}

function byteLevel(json: Json): PreTokenize {
  const addPrefixSpace = json.at('add_prefix_space').boolean(false)
  const words = json.at('use_regex').boolean(true)
  return (piece) => {
    const prefix = addPrefixSpace && !piece.text.startsWith(' ') ? ' ' : ''
    const whole = { text: prefix + piece.text, atStart: piece.atStart }
    const parts = words ? split(whole, gpt2Words, 'Isolated') : [whole]
    return parts.map(({ text, atStart }) => ({ text: encodeBytes(text), atStart }))
  }
}

/** Spaces become a visible mark, one is put in front, and the text is split before each mark. */
function metaspace(json: Json): PreTokenize {
  const mark = json.at('replacement').string('▁')
  const scheme = prependScheme(json)
  const parts = json.at('split').boolean(true)
  const pattern = new RegExp(escapeRegExp(mark), 'gu')
  return ({ text, atStart }) => {
    const marked = text.replaceAll(' ', () => mark)
    const prepend = scheme === 'always' || (scheme === 'first' && atStart)
    const whole = { text: prepend && !marked.startsWith(mark) ? mark + marked : marked, atStart }
    return parts ? split(whole, pattern, 'MergedWithNext') : [whole]
  }
}

/** Files older than prepend_scheme say `add_prefix_space` instead. */
export function prependScheme(json: Json): 'always' | 'first' | 'never' {
  const scheme = json.at('prepend_scheme')
  const name = scheme.string(json.at('add_prefix_space').boolean(true) ? 'always' : 'never')
  return name === 'always' || name === 'first' || name === 'never'
    ? name
    : scheme.fail('always, first or never')
}

function fixedLength(json: Json): PreTokenize {
  const length = json.at('length').count(5)
  if (length === 0) json.at('length').fail('at least 1')
  return ({ text, atStart }) => {
    const chars = [...text]
    const pieces: Piece[] = []
    for (let i = 0; i < chars.length; i += length)
      pieces.push({ text: chars.slice(i, i + length).join(''), atStart: atStart && i === 0 })
    return pieces
  }
}
