import { boolean, type Config, string } from '../../files/config.js'
import type { Turns } from '../../turns.js'
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

interface FoundToken {
  /** What is found in the text. */
  readonly form: string
  readonly token: AddedToken
}

/** Finds added tokens: the leftmost first, the longest at one position. */
export class AddedTokenFinder {
  readonly #tokens: readonly FoundToken[]
  /** Undefined without tokens. */
  readonly #trie: ByteTrie | undefined
  /** The first characters of all tokens. */
  readonly #begin: RegExp

  static readonly none = new AddedTokenFinder([], undefined, [])

  private constructor(tokens: readonly FoundToken[], trie: ByteTrie | undefined, first: readonly string[]) {
    this.#tokens = tokens
    this.#trie = trie
    this.#begin = new RegExp(`[${first.join('')}]`, 'gu')
  }

  /** @param normalize how the text that is searched was normalized. @throws LIMIT_EXCEEDED for a very long token */
  static async create(
    tokens: Iterable<AddedToken>,
    turns: Turns,
    normalize: Normalize = (text) => text,
  ): Promise<AddedTokenFinder> {
    const found: FoundToken[] = []
    const index = new Map<string, number>()
    const first = new Set<string>()
    await turns.each(tokens, (token) => {
      const form = normalize(token.content)
      // Of tokens with the same form, the first is found.
      if (form === '' || index.has(form)) return
      index.set(form, found.push({ form, token }) - 1)
      first.add(escapeCharacter(form.codePointAt(0)!))
    })
    if (found.length === 0) return AddedTokenFinder.none
    return new AddedTokenFinder(found, await ByteTrie.build(index, 'added tokens', turns), [...first])
  }

  split(text: string): Section[] {
    const trie = this.#trie
    if (trie === undefined) return [{ text, start: 0 }]
    const sections: Section[] = []
    let done = 0
    let searched = 0
    for (const { index } of text.matchAll(this.#begin)) {
      const match = index < searched ? undefined : this.#longestAt(trie, text, index)
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

  #longestAt(trie: ByteTrie, text: string, at: number) {
    // A token has at most as many code units as bytes, and no more bytes than the longest.
    const bytes = Buffer.from(text.slice(at, at + trie.longestKey), 'utf8')
    const found = trie.longest(bytes, 0)
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
