import { join } from 'node:path'
import { boolean } from '../../files/config.js'
import { readBytes } from '../../files/read.js'
import type { TokenizerCore } from '../core.js'
import { buildTurns } from '../models/model.js'
import { SentencePiece } from '../sentencepiece/sentencepiece.js'
import type { TokenizerSettings } from '../settings.js'
import { type AddedToken, AddedTokenFinder, plainToken } from '../tokenizer-json/added-tokens.js'
import type { Part } from '../tokenizer-json/post-processors.js'
import { pythonTrim, pythonWhitespace } from '../unicode.js'
import { SpecialTokens } from './special-tokens.js'

/** Reads the tokenizer of SigLIP: spiece.model. ASCII punctuation is removed and text is lower-cased first. */
export async function loadSiglip(dir: string, given: TokenizerSettings): Promise<TokenizerCore> {
  const path = join(dir, 'spiece.model')
  const turns = buildTurns()
  const pieces = await SentencePiece.read(await readBytes(path), path, turns, { addDummyPrefix: false })
  // The Python class adds its special tokens with lstrip and rstrip.
  const roles = new Set(Object.values(given.specialTokens))
  const addedTokens = given.addedTokens.map((token) =>
    roles.has(token.content) && !token.described ? { ...token, lstrip: true, rstrip: true } : token,
  )
  const settings = { ...given, addedTokens }
  const id = (token: string) => (pieces.piece(pieces.id(token)) === token ? pieces.id(token) : undefined)
  const special = await SpecialTokens.create(settings, id, pieces.size, turns)
  const keepsCase = boolean(settings.config, 'do_lower_case', true)
    ? await AddedTokenFinder.create(casedTokens(settings), turns)
    : undefined
  return new Siglip(pieces, special, keepsCase, settings.specialTokens)
}

/** The tokens that keep their case where texts are put into lower case. */
function casedTokens({ addedTokens }: TokenizerSettings): AddedToken[] {
  const kept = addedTokens.filter((token) => token.special || token.normalized)
  return kept.map(({ content }) => plainToken(content, true))
}

const asciiPunctuation = /[!-/:-@[-`{-~]/g
const spaces = new RegExp(`[${pythonWhitespace}]+`, 'gu')

class Siglip implements TokenizerCore {
  readonly cut = 'first'
  readonly ignoresEmptyPair = false
  readonly #pieces: SentencePiece
  readonly #special: SpecialTokens
  readonly #keepsCase: AddedTokenFinder | undefined
  readonly #unknown: string
  readonly #unknownLength: number
  readonly #eos: number

  constructor(
    pieces: SentencePiece,
    special: SpecialTokens,
    keepsCase: AddedTokenFinder | undefined,
    { unk = '<unk>', eos = '</s>' }: TokenizerSettings['specialTokens'],
  ) {
    this.#pieces = pieces
    this.#special = special
    this.#keepsCase = keepsCase
    this.#unknown = unk
    this.#unknownLength = pieces.encode(unk).length
    this.#eos = special.id(eos) ?? pieces.id(eos)
  }

  get size(): number {
    return Math.max(this.#pieces.size, this.#special.size)
  }

  ids(text: string): number[] {
    const marked = this.#lowercase(`▁${text.replaceAll('▁', ' ')}`)
    const tokens: string[] = []
    for (const section of this.#special.split(marked))
      if (section.token) tokens.push(section.token.content)
      else for (const piece of this.#encode(section.text)) tokens.push(piece)
    // A text that begins with a special token gets no space in front of it.
    if (tokens.length > 1 && tokens[0] === '▁' && this.#special.isSpecial(tokens[1]!)) tokens.shift()
    return tokens.map((token) => this.#special.id(token) ?? this.#pieces.id(token))
  }

  /** Lower-cases each character by itself, so that a final sigma becomes σ; special tokens keep their case. */
  #lowercase(text: string): string {
    if (this.#keepsCase === undefined) return text
    const lower = (part: string) => Array.from(part, (char) => char.toLowerCase()).join('')
    return this.#keepsCase
      .split(text)
      .map((part) => (part.token ? part.text : lower(part.text)))
      .join('')
  }

  /** SentencePiece strips a leading space. To keep it, the unknown token goes in front, and its pieces are removed. */
  #encode(text: string): string[] {
    const clean = text.replace(asciiPunctuation, '').replace(spaces, ' ').replace(/^ | $/g, '')
    const pieces = this.#pieces.encode(this.#unknown + clean)
    return pieces.length >= this.#unknownLength ? pieces.slice(this.#unknownLength) : pieces
  }

  added(pair: boolean): number {
    return pair ? 2 : 1
  }

  assemble(first: number[], second: number[] | undefined, addSpecialTokens: boolean): Part {
    const ended = (ids: number[]): number[] =>
      addSpecialTokens && ids.at(-1) !== this.#eos ? [...ids, this.#eos] : ids
    const ids = ended(first).concat(second ? ended(second) : [])
    return { ids, typeIds: ids.map(() => 0) }
  }

  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    const tokens = ids
      .map((id) => this.token(id))
      .filter((token) => token !== undefined)
      .filter((token) => !(skipSpecialTokens && this.#special.isSpecial(token)))
    return this.#special.toText(tokens, (run) => this.#join(run))
  }

  #join(tokens: string[]): string {
    let text = ''
    let pieces: string[] = []
    let afterSpecial = false
    for (const token of tokens) {
      const special = this.#special.isSpecial(token)
      if (special) {
        text += `${afterSpecial ? '' : ' '}${this.#pieces.decode(pieces)}${token}`
        pieces = []
      } else pieces.push(token)
      afterSpecial = special
    }
    return pythonTrim(text + this.#pieces.decode(pieces))
  }

  id(token: string): number | undefined {
    const id = this.#special.id(token) ?? this.#pieces.id(token)
    return this.token(id) === token ? id : undefined
  }

  token(id: number): string | undefined {
    return this.#special.token(id) ?? this.#pieces.piece(id)
  }
}
