import type { Json } from '../json.js'
import { ByteTrie } from './byte-trie.js'
import { byteTokens, EncodingCache, type Model, Vocabulary } from './model.js'
import { bestSegments, type ViterbiOptions } from './viterbi.js'

/** Below the least probable piece by this much: what an unknown character costs. */
export const unknownPenalty = 10

/** A unigram model of tokenizer.json: every entry takes part in the search, special tokens among them. */
export class Unigram implements Model {
  readonly vocabulary: Vocabulary
  readonly #trie: ByteTrie
  readonly #viterbi: ViterbiOptions
  readonly #bytes: (number | undefined)[] | undefined
  readonly #cache = new EncodingCache()
  readonly #unknown: Json

  constructor(pieces: readonly (readonly [string, number])[], unknown: Json, byteFallback: boolean) {
    this.vocabulary = new Vocabulary(pieces.map(([piece], id) => [piece, id]))
    this.#bytes = byteFallback ? byteTokens(this.vocabulary) : undefined
    this.#trie = new ByteTrie(pieces.map(([key], value) => ({ key, value })))
    let least = Infinity
    for (const [, score] of pieces) least = Math.min(least, score)
    this.#unknown = unknown
    this.#viterbi = {
      score: (id) => pieces[id]![1],
      unknownId: -1,
      unknownScore: least - unknownPenalty,
      precision: 'float64',
    }
  }

  static read(json: Json): Unigram {
    const pieces = json
      .at('vocab')
      .list()
      .map((entry): [string, number] => [entry.at(0).string(), entry.at(1).number()])
    const unknown = json.at('unk_id')
    if (unknown.present && unknown.count() >= pieces.length) unknown.fail('the id of an entry of vocab')
    return new Unigram(pieces, unknown, json.at('byte_fallback').boolean(false))
  }

  encode(piece: string): number[] {
    return this.#cache.get(piece, (text) => this.#segment(text))
  }

  #segment(text: string): number[] {
    const bytes = Buffer.from(text, 'utf8')
    const unknownId = this.#unknown.value
    const ids: number[] = []
    let unknownFrom = -1
    for (const { start, end, id } of bestSegments(bytes, this.#trie, this.#viterbi)) {
      const known = id >= 0 && id !== unknownId
      if (!known && unknownFrom < 0) unknownFrom = start
      if (!known && end < bytes.length) continue
      // Unknown characters in a row count as one.
      if (unknownFrom >= 0) ids.push(...this.#unknownRun(bytes.subarray(unknownFrom, known ? start : end)))
      unknownFrom = -1
      if (known) ids.push(id)
    }
    return ids
  }

  #unknownRun(bytes: Buffer): number[] {
    const id = this.vocabulary.id(bytes.toString('utf8'))
    if (id !== undefined) return [id]
    if (this.#bytes) {
      const ids = Array.from(bytes, (byte) => this.#bytes![byte])
      if (!ids.includes(undefined)) return ids as number[]
    }
    return [this.#unknown.count()]
  }
}
