import { boolean, type Config, configInvalid, listGetter, nameOf, optional } from '../../files/config.js'
import type { Turns } from '../../turns.js'
import { ByteTrie } from './byte-trie.js'
import { byteTokens, EncodingCache, type Model, tokenId, Vocabulary } from './model.js'
import { bestSegments, type ViterbiOptions } from './viterbi.js'

/** The score of an unknown character is this much below the minimum score of a piece. */
export const unknownPenalty = 10

type ScoredPiece = readonly [text: string, score: number]

const scoredPieces = listGetter(
  'a pair of a text and a number',
  (value): value is ScoredPiece =>
    Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number',
)

/** Each piece and its id. */
function* idsOf(pieces: readonly ScoredPiece[]): Generator<[string, number]> {
  for (const [id, [piece]] of pieces.entries()) yield [piece, id]
}

/** A unigram model of tokenizer.json. All entries take part in the search, special tokens included. */
export class Unigram implements Model {
  readonly vocabulary: Vocabulary
  readonly #trie: ByteTrie
  readonly #viterbi: ViterbiOptions
  readonly #bytes: (number | undefined)[] | undefined
  readonly #cache = new EncodingCache()
  readonly #config: Config
  readonly #unknown: number | undefined

  static async read(config: Config, turns: Turns): Promise<Unigram> {
    const pieces = scoredPieces(config, 'vocab')
    const vocabulary = await Vocabulary.of(idsOf(pieces), turns)
    const trie = await ByteTrie.build(idsOf(pieces), nameOf(config, 'vocab'), turns)
    let minScore = Infinity
    await turns.each(pieces, ([, score]) => {
      minScore = Math.min(minScore, score)
    })
    return new Unigram(config, vocabulary, trie, {
      score: (id) => pieces[id]![1],
      unknownId: -1,
      unknownScore: minScore - unknownPenalty,
      precision: 'float64',
    })
  }

  private constructor(config: Config, vocabulary: Vocabulary, trie: ByteTrie, viterbi: ViterbiOptions) {
    this.#config = config
    this.#viterbi = viterbi
    this.#unknown = optional(tokenId, config, 'unk_id')
    if (this.#unknown !== undefined && this.#unknown >= vocabulary.size)
      throw configInvalid(config, 'unk_id', `the id of one of the ${vocabulary.size} entries of vocab`)
    this.vocabulary = vocabulary
    this.#trie = trie
    this.#bytes = boolean(config, 'byte_fallback', false) ? byteTokens(vocabulary) : undefined
  }

  encode(piece: string): number[] {
    return this.#cache.get(piece, (text) => this.#segment(text))
  }

  #segment(text: string): number[] {
    const bytes = Buffer.from(text, 'utf8')
    const ids: number[] = []
    let unknownFrom = -1
    for (const { start, end, id } of bestSegments(bytes, this.#trie, this.#viterbi)) {
      const known = id >= 0 && id !== this.#unknown
      if (!known && unknownFrom < 0) unknownFrom = start
      if (!known && end < bytes.length) continue
      // A run of unknown characters is one token.
      if (unknownFrom >= 0)
        for (const id of this.#unknownRun(bytes.subarray(unknownFrom, known ? start : end))) ids.push(id)
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
    if (this.#unknown === undefined)
      throw configInvalid(this.#config, 'unk_id', 'the id of the token for unknown text')
    return [this.#unknown]
  }
}
