import { type Config, nameOf, nonNegativeInt, string } from '../../files/config.js'
import type { Turns } from '../../turns.js'
import { ByteTrie } from './byte-trie.js'
import { EncodingCache, type Model, Vocabulary } from './model.js'

export interface WordPieceOptions {
  unknown: number
  /** Prefix of tokens that continue a word: `##` in BERT. */
  prefix: string
  /** Longer words are unknown, which bounds the time for a word. */
  maxChars: number
}

/** BERT's model: takes the longest matching token from the left; a word that does not match to its end is unknown. */
export class WordPiece implements Model {
  readonly vocabulary: Vocabulary
  readonly #options: WordPieceOptions
  readonly #cache = new EncodingCache()
  readonly #trie: ByteTrie
  /** The node behind the prefix, -1 if no token has it. */
  readonly #continuing: number

  private constructor(vocabulary: Vocabulary, trie: ByteTrie, options: WordPieceOptions) {
    this.vocabulary = vocabulary
    this.#options = options
    this.#trie = trie
    this.#continuing = this.#trie.find(options.prefix)
  }

  static async read(config: Config, turns: Turns): Promise<WordPiece> {
    const vocabulary = await Vocabulary.read(config, turns, 'vocab')
    const where = nameOf(config, 'vocab')
    return new WordPiece(vocabulary, await ByteTrie.build(vocabulary.entries(), where, turns), {
      unknown: vocabulary.require(string(config, 'unk_token', '[UNK]'), nameOf(config, 'unk_token')),
      prefix: string(config, 'continuing_subword_prefix', '##'),
      maxChars: nonNegativeInt(config, 'max_input_chars_per_word', 100),
    })
  }

  encode(piece: string): number[] {
    return this.#cache.get(piece, (word) => this.#split(word))
  }

  #split(word: string): number[] {
    const { unknown, maxChars } = this.#options
    if (word.length > maxChars && codePoints(word) > maxChars) return [unknown]
    const bytes = Buffer.from(word, 'utf8')
    const ids: number[] = []
    let node: number = ByteTrie.root
    for (let start = 0; start < bytes.length; node = this.#continuing) {
      const match = node < 0 ? undefined : this.#trie.longest(bytes, start, node)
      if (match === undefined) return [unknown]
      ids.push(match.value)
      start += match.length
    }
    return ids
  }
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
