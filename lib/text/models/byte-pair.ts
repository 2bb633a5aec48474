import { invalid, show } from '../../errors.js'
import {
  boolean,
  type Config,
  configInvalid,
  listGetter,
  nameOf,
  number,
  optional,
  string,
} from '../../files/config.js'
import type { Turns } from '../../turns.js'
import { NumberHeap } from '../heap.js'
import { byteTokens, EncodingCache, type Model, Vocabulary } from './model.js'

export interface BytePairOptions {
  /** Number of merges. */
  merges: number
  /** The token for characters outside the vocabulary, which are dropped if there is none. */
  unknownToken?: string | undefined
  /** Encode characters outside the vocabulary as `<0x..>` tokens. */
  byteFallback?: boolean
  /** Encode a run of unknown characters as one unknown token. */
  fuseUnknown?: boolean
  /** Encode a piece that is a token without merging. */
  ignoreMerges?: boolean
  /** Prefix of each character of a piece but the first. */
  continuingPrefix?: string
  /** Suffix of the last character of a piece: `</w>` in CLIP. */
  endSuffix?: string
  where: string
}

/** Byte-pair encoding: merges the pair of the lowest rank, starting from characters, until there is none. */
export class BytePair implements Model {
  readonly vocabulary: Vocabulary
  readonly #options: BytePairOptions
  readonly #cache = new EncodingCache()
  readonly #unknown: number | undefined
  readonly #bytes: (number | undefined)[] | undefined
  /** left * vocabulary size + right -> rank */
  readonly #ranks = new Map<number, number>()
  readonly #merged: Int32Array

  private constructor(vocabulary: Vocabulary, options: BytePairOptions) {
    this.vocabulary = vocabulary
    this.#options = options
    this.#unknown = options.unknownToken === undefined ? undefined : vocabulary.id(options.unknownToken)
    this.#bytes = options.byteFallback ? byteTokens(vocabulary) : undefined
    this.#merged = new Int32Array(options.merges)
  }

  async #addMerges(merges: readonly Merge[], turns: Turns): Promise<void> {
    const { vocabulary } = this
    const { continuingPrefix = '', where: file } = this.#options
    await turns.each(merges, (merge, rank) => {
      const [left, right] = pairOf(merge)
      const where = `${file}: merge ${rank}`
      const leftId = vocabulary.require(left, where)
      const rightId = vocabulary.require(right, where)
      this.#merged[rank] = vocabulary.require(left + right.slice(continuingPrefix.length), where)
      this.#ranks.set(leftId * vocabulary.size + rightId, rank)
    })
  }

  static async read(config: Config, turns: Turns): Promise<BytePair> {
    const vocabulary = await Vocabulary.read(config, turns, 'vocab')
    if (number(config, 'dropout', 0) !== 0)
      throw configInvalid(config, 'dropout', '0 (encoding must not be random)')
    const list = merges(config, 'merges')
    const model = new BytePair(vocabulary, {
      merges: list.length,
      unknownToken: optional(string, config, 'unk_token'),
      byteFallback: boolean(config, 'byte_fallback', false),
      fuseUnknown: boolean(config, 'fuse_unk', false),
      ignoreMerges: boolean(config, 'ignore_merges', false),
      continuingPrefix: string(config, 'continuing_subword_prefix', ''),
      endSuffix: string(config, 'end_of_word_suffix', ''),
      where: nameOf(config, 'merges'),
    })
    await model.#addMerges(list, turns)
    return model
  }

  encode(piece: string): number[] {
    if (this.#options.ignoreMerges) {
      const id = this.vocabulary.id(piece)
      if (id !== undefined) return [id]
    }
    return this.#cache.get(piece, (word) => this.#merge(this.#characters(word)))
  }

  #characters(word: string): number[] {
    const { continuingPrefix = '', endSuffix = '', fuseUnknown = false } = this.#options
    const ids: number[] = []
    let afterUnknown = false
    let at = 0
    for (const char of word) {
      const isLast = at + char.length === word.length
      const token = (at > 0 ? continuingPrefix : '') + char + (isLast ? endSuffix : '')
      at += char.length
      const id = this.vocabulary.id(token)
      if (id !== undefined) ids.push(id)
      const known = id !== undefined || this.#fallBack(token, ids)
      if (!known && !(afterUnknown && fuseUnknown)) ids.push(...this.#unknownIds())
      afterUnknown = !known
    }
    return ids
  }

  /** Adds the tokens of the bytes of a token. Returns false if the vocabulary does not have all. */
  #fallBack(token: string, ids: number[]): boolean {
    if (this.#bytes === undefined) return false
    const found = Array.from(Buffer.from(token, 'utf8'), (byte) => this.#bytes![byte])
    if (found.includes(undefined)) return false
    for (const id of found) ids.push(id!)
    return true
  }

  #unknownIds(): number[] {
    const { unknownToken, where } = this.#options
    if (unknownToken === undefined) return []
    // An unknown token that is not in the vocabulary is an error only when it is needed.
    return [this.#unknown ?? this.vocabulary.require(unknownToken, where)]
  }

  #merge(ids: number[]): number[] {
    const size = this.vocabulary.size
    const count = ids.length
    const previous = new Int32Array(count)
    const next = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      previous[i] = i - 1
      next[i] = i + 1 < count ? i + 1 : -1
    }
    const alive = new Uint8Array(count).fill(1)
    // A candidate is one number, the rank of its merge and its position: the lowest rank comes first, then the leftmost.
    const queue = new NumberHeap()
    const consider = (at: number): void => {
      const right = at < 0 ? -1 : next[at]!
      const rank = right < 0 ? undefined : this.#ranks.get(ids[at]! * size + ids[right]!)
      if (rank !== undefined) queue.push(rank * count + at)
    }
    for (let i = 0; i + 1 < count; i++) consider(i)
    while (queue.size > 0) {
      const top = queue.pop()
      const rank = Math.floor(top / count)
      const at = top - rank * count
      const right = next[at]!
      if (!alive[at] || right < 0) continue
      // Either side may have been merged since this candidate was queued.
      const now = this.#ranks.get(ids[at]! * size + ids[right]!)
      if (now === undefined || this.#merged[now] !== this.#merged[rank]) continue
      ids[at] = this.#merged[rank]!
      alive[right] = 0
      next[at] = next[right]!
      if (next[at]! >= 0) previous[next[at]!] = at
      consider(previous[at]!)
      consider(at)
    }
    return ids.filter((_, i) => alive[i])
  }
}

type Pair = readonly [string, string]

/** Files of older versions have the two tokens in one string, with a space between. */
type Merge = string | Pair

const merges = listGetter('two tokens', (value): value is Merge => {
  const pair = typeof value === 'string' ? value.split(' ') : value
  return Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === 'string')
})

function pairOf(merge: Merge): Pair {
  if (typeof merge !== 'string') return merge
  const space = merge.indexOf(' ')
  return [merge.slice(0, space), merge.slice(space + 1)]
}

/** Reads merges.txt: a pair a line, after an optional first line `#version`. */
export async function parseMerges(text: string, where: string, turns: Turns): Promise<[string, string][]> {
  const merges: [string, string][] = []
  await turns.each(text.split(/\r?\n/), (line, i) => {
    if (line === '' || line.startsWith('#version')) return
    const pair = line.split(' ')
    if (pair.length !== 2)
      throw invalid('TOKENIZER_INVALID', `${where}, line ${i + 1}`, 'two tokens and a space', show(line))
    merges.push(pair as [string, string])
  })
  return merges
}
