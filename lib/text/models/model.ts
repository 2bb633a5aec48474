import { SaccadeError, show } from '../../errors.js'
import { type Config, configInvalid, getter, members, membersOf, object } from '../../files/config.js'
import { checkLimit } from '../../limits.js'
import { Turns } from '../../turns.js'

/** Whether a value is a token id: generation keeps ids as int32. */
export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31
}

export const tokenId = getter('a token id', isTokenId)

/** Encodes one piece of normalized text as token ids. */
export interface Model {
  readonly vocabulary: Vocabulary
  encode(piece: string): number[]
}

/** The turns of the event loop while a tokenizer is built. */
export function buildTurns(): Turns {
  return new Turns(5, undefined)
}

/** Maps tokens to ids and ids to tokens. */
export class Vocabulary {
  readonly #ids = new Map<string, number>()
  readonly #tokens: string[] = []

  private constructor() {}

  /** Of several ids of one token, the last is used. */
  static async of(entries: Iterable<readonly [string, number]>, turns: Turns): Promise<Vocabulary> {
    const vocabulary = new Vocabulary()
    await turns.each(entries, ([token, id]) => vocabulary.#add(token, id))
    return vocabulary
  }

  /** @param key of the object of ids by token; default: the whole file */
  static async read(config: Config, turns: Turns, key?: string): Promise<Vocabulary> {
    const vocabulary = new Vocabulary()
    const entries = key === undefined ? membersOf(config.values) : members(config, key)
    await turns.each(entries, ([token, id]) => {
      if (!isTokenId(id))
        throw configInvalid(key === undefined ? config : object(config, key), token, 'a token id')
      checkLimit('vocabulary', id + 1, config.file)
      vocabulary.#add(token, id)
    })
    return vocabulary
  }

  #add(token: string, id: number): void {
    this.#ids.set(token, id)
    this.#tokens[id] = token
  }

  /** Number of tokens; ids may have gaps. */
  get count(): number {
    return this.#ids.size
  }

  /** One past the largest id. */
  get size(): number {
    return this.#tokens.length
  }

  entries(): Iterable<readonly [token: string, id: number]> {
    return this.#ids
  }

  id(token: string): number | undefined {
    return this.#ids.get(token)
  }

  token(id: number): string | undefined {
    return this.#tokens[id]
  }

  /** The id of a token. @throws TOKENIZER_INVALID if the vocabulary does not have it */
  require(token: string, where: string): number {
    const id = this.#ids.get(token)
    if (id !== undefined) return id
    throw new SaccadeError('TOKENIZER_INVALID', `${where}: ${show(token)} is not in the vocabulary`)
  }
}

/** Keeps the encodings of short pieces, as words repeat. Bounded; the oldest is dropped first. */
export class EncodingCache {
  readonly #encodings = new Map<string, number[]>()

  get(piece: string, encode: (piece: string) => number[]): number[] {
    let ids = this.#encodings.get(piece)
    if (ids !== undefined) return ids
    ids = encode(piece)
    if (piece.length > 256) return ids
    if (this.#encodings.size >= 10_000) this.#encodings.delete(this.#encodings.keys().next().value!)
    // A copy: V8 keeps the whole text of which a piece was cut.
    this.#encodings.set(Buffer.from(piece, 'utf16le').toString('utf16le'), ids)
    return ids
  }
}

/** The ids of `<0x00>` to `<0xFF>`; undefined where the vocabulary does not have one. */
export function byteTokens(vocabulary: Vocabulary): (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) => vocabulary.id(byteToken(byte)))
}

export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}
