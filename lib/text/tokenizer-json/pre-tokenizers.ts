import {
  boolean,
  type Config,
  configInvalid,
  nameOf,
  object,
  oneOf,
  positiveInt,
  string,
} from '../../files/config.js'
import { encodeBytes } from '../byte-level.js'
import { checkGrowth } from '../growth.js'
import { punctuation, whitespace, word } from '../unicode.js'
import { components } from './components.js'
import { Literal, readPattern } from './patterns.js'
import { behaviors, type Piece, split } from './split.js'

/** Splits a piece into parts, in order and without empty ones. */
export type PreTokenize = (piece: Piece) => Piece[]

const whitespaceRun = new RegExp(`[${whitespace}]+`, 'gu')
const wordsAndSymbols = new RegExp(`[${word}]+|[^${word}${whitespace}]+`, 'gu')
const punctuationMark = new RegExp(`[${punctuation}]`, 'gu')
const gpt2Words = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${whitespace}\\p{L}\\p{N}]+` +
    `|[${whitespace}]+(?![^${whitespace}])|[${whitespace}]+`,
  'gu',
)

/** Creates a pre-tokenizer of tokenizer.json. @throws TOKENIZER_INVALID if its type is unknown */
export function createPreTokenizer(config: Config | undefined): PreTokenize {
  if (!config) return (piece) => [piece]
  const type = string(config, 'type')
  switch (type) {
    case 'BertPreTokenizer':
      return (piece) =>
        split(piece, whitespaceRun, 'Removed').flatMap((word) => split(word, punctuationMark, 'Isolated'))
    case 'Whitespace':
      return (piece) => split(piece, wordsAndSymbols, 'Removed', true)
    case 'WhitespaceSplit':
      return (piece) => split(piece, whitespaceRun, 'Removed')
    case 'Punctuation': {
      const behavior = oneOf(config, 'behavior', behaviors, 'Isolated')
      return (piece) => split(piece, punctuationMark, behavior)
    }
    case 'Digits': {
      const each = boolean(config, 'individual_digits', false)
      return (piece) => split(piece, /\p{N}/gu, each ? 'Isolated' : 'Contiguous')
    }
    case 'Split': {
      const pattern = readPattern(object(config, 'pattern'))
      const behavior = oneOf(config, 'behavior', behaviors)
      const invert = boolean(config, 'invert')
      return (piece) => split(piece, pattern, behavior, invert)
    }
    case 'CharDelimiterSplit': {
      const pattern = new Literal(string(config, 'delimiter'))
      return (piece) => split(piece, pattern, 'Removed')
    }
    case 'FixedLength':
      return fixedLength(positiveInt(config, 'length', 5))
    case 'ByteLevel':
      return byteLevel(config)
    case 'Metaspace':
      return metaspace(config)
    case 'Sequence': {
      const steps = components(config, 'pretokenizers', createPreTokenizer)
      const what = nameOf(config, 'pretokenizers')
      return (piece) => steps.reduce((pieces, step) => all(pieces, step, piece.text.length, what), [piece])
    }
    default:
      throw configInvalid(config, 'type', 'a known pre-tokenizer')
  }
}

/** A step on all pieces. */
function all(pieces: Piece[], step: PreTokenize, ofText: number, what: string): Piece[] {
  const result: Piece[] = []
  let length = 0
  for (const piece of pieces)
    for (const part of step(piece)) {
      length += part.text.length
      checkGrowth(length, ofText, what)
      result.push(part)
    }
  return result
}

function byteLevel(config: Config): PreTokenize {
  const addPrefixSpace = boolean(config, 'add_prefix_space', false)
  const words = boolean(config, 'use_regex', true)
  return (piece) => {
    const prefix = addPrefixSpace && !piece.text.startsWith(' ') ? ' ' : ''
    const whole = { text: prefix + piece.text, atStart: piece.atStart }
    const parts = words ? split(whole, gpt2Words, 'Isolated') : [whole]
    return parts.map(({ text, atStart }) => ({ text: encodeBytes(text), atStart }))
  }
}

/** Replaces spaces by a mark, puts one in front, and splits the text before each mark. */
function metaspace(config: Config): PreTokenize {
  const mark = oneCharacter(config, 'replacement', '▁')
  const scheme = prependScheme(config)
  const parts = boolean(config, 'split', true)
  const pattern = new Literal(mark)
  return ({ text, atStart }) => {
    const marked = text.replaceAll(' ', () => mark)
    const prepend = scheme === 'always' || (scheme === 'first' && atStart)
    const whole = { text: prepend && !marked.startsWith(mark) ? mark + marked : marked, atStart }
    return parts ? split(whole, pattern, 'MergedWithNext') : [whole]
  }
}

function oneCharacter(config: Config, key: string, fallback: string): string {
  const value = string(config, key, fallback)
  if (value.length > 2 || [...value].length !== 1) throw configInvalid(config, key, 'one character')
  return value
}

/** Files older than prepend_scheme have add_prefix_space instead. */
export function prependScheme(config: Config): 'always' | 'first' | 'never' {
  const older = boolean(config, 'add_prefix_space', true) ? 'always' : 'never'
  return oneOf(config, 'prepend_scheme', ['always', 'first', 'never'], older)
}

function fixedLength(length: number): PreTokenize {
  return ({ text, atStart }) => {
    const chars = [...text]
    const pieces: Piece[] = []
    for (let i = 0; i < chars.length; i += length)
      pieces.push({ text: chars.slice(i, i + length).join(''), atStart: atStart && i === 0 })
    return pieces
  }
}
