import {
  boolean,
  type Config,
  configInvalid,
  nameOf,
  nonNegativeInt,
  object,
  string,
} from '../../files/config.js'
import { decodeBytes } from '../byte-level.js'
import { checkGrowth } from '../growth.js'
import { components } from './components.js'
import { readPattern, replaceMatches } from './patterns.js'
import { prependScheme } from './pre-tokenizers.js'

/** A step of decoding, from strings to strings. The results of the last step are joined. */
export type Decode = (tokens: string[]) => string[]

/** Creates a decoder of tokenizer.json. @throws TOKENIZER_INVALID if its type is unknown */
export function createDecoder(config: Config | undefined): Decode {
  // Without a decoder, tokens are joined as words.
  if (!config) return (tokens) => [tokens.join(' ')]
  const type = string(config, 'type')
  switch (type) {
    case 'ByteLevel':
      return (tokens) => [decodeBytes(tokens)]
    case 'WordPiece':
      return wordPiece(string(config, 'prefix', '##'), boolean(config, 'cleanup', true))
    case 'Metaspace':
      return metaspace(config)
    case 'BPEDecoder': {
      const suffix = string(config, 'suffix', '</w>')
      return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i + 1 < tokens.length ? ' ' : ''))
    }
    case 'CTC':
      return ctc(config)
    case 'ByteFallback':
      return byteFallback
    case 'Fuse':
      return (tokens) => [tokens.join('')]
    case 'Replace': {
      const pattern = readPattern(object(config, 'pattern'))
      const content = string(config, 'content')
      const what = nameOf(config, 'content')
      return (tokens) => tokens.map((token) => replaceMatches(token, pattern, content, what))
    }
    case 'Strip':
      return strip(
        string(config, 'content'),
        nonNegativeInt(config, 'start', 0),
        nonNegativeInt(config, 'stop', 0),
      )
    case 'Sequence': {
      const steps = components(config, 'decoders', createDecoder)
      const what = nameOf(config, 'decoders')
      return (tokens) => {
        const from = charactersOf(tokens)
        return steps.reduce((line, step) => {
          const next = step(line)
          checkGrowth(charactersOf(next), from, what)
          return next
        }, tokens)
      }
    }
    default:
      throw configInvalid(config, 'type', 'a known decoder')
  }
}

function charactersOf(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + token.length, 0)
}

const cleanups: [string, string][] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
]

function cleanUp(text: string): string {
  return cleanups.reduce((line, [from, to]) => line.replaceAll(from, to), text)
}

function wordPiece(prefix: string, cleanup: boolean): Decode {
  return (tokens) =>
    tokens.map((token, i) => {
      const continues = prefix !== '' && token.startsWith(prefix)
      const text = i === 0 ? token : continues ? token.slice(prefix.length) : ` ${token}`
      return cleanup ? cleanUp(text) : text
    })
}

function metaspace(config: Config): Decode {
  const mark = string(config, 'replacement', '▁')
  const prepended = prependScheme(config) !== 'never'
  return (tokens) => tokens.map((token, i) => token.replaceAll(mark, i === 0 && prepended ? '' : ' '))
}

function ctc(config: Config): Decode {
  const pad = string(config, 'pad_token', '<pad>')
  const delimiter = string(config, 'word_delimiter_token', '|')
  const cleanup = boolean(config, 'cleanup', true)
  return (tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => {
        const text = token.replaceAll(pad, '')
        return cleanup ? cleanUp(text).replaceAll(delimiter, ' ') : text
      })
      .filter((text) => text !== '')
}

const bytePattern = /^<0x([0-9A-Fa-f]{2})>$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes a run of byte tokens as UTF-8; if it is not UTF-8, each token becomes one U+FFFD. */
function byteFallback(tokens: string[]): string[] {
  const result: string[] = []
  let bytes: number[] = []
  const flush = (): void => {
    if (bytes.length === 0) return
    try {
      result.push(utf8.decode(Uint8Array.from(bytes)))
    } catch {
      for (const _ of bytes) result.push('\uFFFD')
    }
    bytes = []
  }
  for (const token of tokens) {
    const hex = bytePattern.exec(token)?.[1]
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16))
    else {
      flush()
      result.push(token)
    }
  }
  flush()
  return result
}

/** Removes at most `start` copies of a character from the start of each token and `stop` from its end. */
function strip(content: string, start: number, stop: number): Decode {
  return (tokens) =>
    tokens.map((token) => {
      const chars = [...token]
      let from = 0
      while (from < start && from < chars.length && chars[from] === content) from++
      let to = chars.length
      while (chars.length - to < stop && to > from && chars[to - 1] === content) to--
      return chars.slice(from, to).join('')
    })
}
