import { SaccadeError, show } from '../../errors.js'
import { type Config, configInvalid, getter } from '../../files/config.js'

/** Ids are int32 where tokens are generated. */
export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31
}

export const tokenId = getter('a token id', isTokenId)

/** What turns one piece of prepared text into token ids. */
export interface Model {
  readonly vocabulary: Vocabulary
  encode(piece: string): number[]
}

/** Tokens and their ids, both ways. */
export class Vocabulary {
  readonly #ids: Map<string, number>
  readonly #tokens: string[] = []

  /** A token may have several ids; then the last is the one it gets. */
  constructor(entries: readonly (readonly [string, number])[]) {
    this.#ids = new Map(entries)
    for (const [token, id] of entries) this.#tokens[id] = token
  }

  /** Reads the object `{ token: id }`. */
  static read(config: Config): Vocabulary {
    const entries = Object.entries(config.values).map(([token, id]): [string, number] => {
      if (!isTokenId(id) || id > maxId) throw configInvalid(config, token, `a token id of at most ${maxId}`)
      return [token, id]
    })
    return new Vocabulary(entries)
  }

  /** How many tokens there are; ids may have gaps. */
  get count(): number {
    return this.#ids.size
  }

  /** One past the largest id. */
  get size(): number {
    return this.#tokens.length
  }

  id(token: string): number | undefined {
    return this.#ids.get(token)
  }

  token(id: number): string | undefined {
    return this.#tokens[id]
  }

  /** The id of a token that must be there. */
  require(token: string, where: string): number {
    const id = this.#ids.get(token)
    if (id !== undefined) return id
    throw new SaccadeError('TOKENIZER_INVALID', `${where}: ${show(token)} is not in the vocabulary`)
  }
}

/** A table of tokens as an array must stay affordable, whatever ids a file claims. */
const maxId = 2 ** 24

/** Remembers the encodings of short pieces: words repeat. Bounded, the oldest go first. */
export class EncodingCache {
  readonly #known = new Map<string, number[]>()

  get(piece: string, encode: (piece: string) => number[]): number[] {
    let ids = this.#known.get(piece)
    if (ids !== undefined) return ids
    ids = encode(piece)
    if (piece.length > 256) return ids
    if (this.#known.size >= 10_000) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(piece, ids)
    return ids
  }
}

/** The ids of `<0x00>` to `<0xFF>`; undefined for those that a vocabulary lacks. */
export function byteTokens(vocabulary: Vocabulary): (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) => vocabulary.id(byteToken(byte)))
}

export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}
