import { boolean, type Config, string } from '../../files/config.js'
import { ByteTrie } from '../models/byte-trie.js'
import { escapeCharacter } from '../oniguruma/characters.js'
import { trimEnd, trimStart, word } from '../unicode.js'
import type { Normalize } from './normalizers.js'

/** A token that is found in the text before the model runs. */
export interface AddedToken {
  readonly content: string
  /** Dropped when decoding without special tokens. */
  readonly special: boolean
  /** Match only if no letter or digit is adjacent. */
  readonly singleWord: boolean
  /** Match the whitespace before it, too. */
  readonly lstrip: boolean
  readonly rstrip: boolean
  /** Match its normalized form in the normalized text. */
  readonly normalized: boolean
}

export function readAddedToken(config: Config): AddedToken {
  const special = boolean(config, 'special', false)
  return {
    content: string(config, 'content'),
    special,
    singleWord: boolean(config, 'single_word', false),
    lstrip: boolean(config, 'lstrip', false),
    rstrip: boolean(config, 'rstrip', false),
    normalized: boolean(config, 'normalized', !special),
  }
}

/** An added token from a file beside tokenizer.json. */
export interface ExtraToken extends AddedToken {
  /** Whether the file has its options, which override tokenizer.json, or only its text. */
  readonly described: boolean
}

/** The default options for a token whose text alone is known. */
export function plainToken(content: string, special: boolean): AddedToken {
  return { content, special, singleWord: false, lstrip: false, rstrip: false, normalized: !special }
}

/** A section of the text: an added token, or the text between two. */
export interface Section {
  text: string
  start: number
  token?: AddedToken
}

/** Finds added tokens: the leftmost first, the longest at one position. */
export class AddedTokenFinder {
  readonly #tokens: { readonly form: string; readonly token: AddedToken }[] = []
  readonly #trie: ByteTrie
  /** The first characters of all tokens. */
  readonly #begin: RegExp | undefined

  /** @param normalize how the text that is searched was normalized. @throws LIMIT_EXCEEDED for a very long token */
  constructor(tokens: Iterable<AddedToken>, normalize: Normalize = (text) => text) {
    const index = new Map<string, number>()
    for (const token of tokens) {
      const form = normalize(token.content)
      // Of tokens with the same form, the first is found.
      if (form !== '' && !index.has(form)) index.set(form, this.#tokens.push({ form, token }) - 1)
    }
    this.#trie = new ByteTrie(index, 'added tokens')
    const first = new Set(Array.from(index.keys(), (form) => escapeCharacter(form.codePointAt(0)!)))
    this.#begin = first.size > 0 ? new RegExp(`[${[...first].join('')}]`, 'gu') : undefined
  }

  split(text: string): Section[] {
    if (this.#begin === undefined) return [{ text, start: 0 }]
    const sections: Section[] = []
    let done = 0
    let searched = 0
    for (const { index } of text.matchAll(this.#begin)) {
      const match = index < searched ? undefined : this.#longestAt(text, index)
      if (match === undefined) continue
      const { token, form } = match
      searched = index + form.length
      let start = index
      let end = start + form.length
      if (token.singleWord && touchesWord(text, start, end)) continue
      if (token.lstrip && start > done) start = done + trimEnd(text.slice(done, start)).length
      if (token.rstrip) end = text.length - trimStart(text.slice(end)).length
      if (done < start) sections.push({ text: text.slice(done, start), start: done })
      sections.push({ text: text.slice(start, end), start, token })
      done = end
      searched = end
    }
    if (done < text.length) sections.push({ text: text.slice(done), start: done })
    return sections
  }

  #longestAt(text: string, at: number) {
    // A token has at most as many code units as bytes, and no more bytes than the longest.
    const bytes = Buffer.from(text.slice(at, at + this.#trie.longestKey), 'utf8')
    const found = this.#trie.longest(bytes, 0)
    return found && this.#tokens[found.value]
  }
}

const startsWithWord = new RegExp(`^[${word}]`, 'u')
const endsWithWord = new RegExp(`[${word}]$`, 'u')

/** Two code units on each side are enough for any adjacent character. */
function touchesWord(text: string, start: number, end: number): boolean {
  return (
    endsWithWord.test(text.slice(Math.max(0, start - 2), start)) ||
    startsWithWord.test(text.slice(end, end + 2))
  )
}
