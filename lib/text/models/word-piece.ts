import { type Config, nameOf, nonNegativeInt, object, string } from '../../files/config.js'
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

  constructor(vocabulary: Vocabulary, options: WordPieceOptions) {
    this.vocabulary = vocabulary
    this.#options = options
  }

  static read(config: Config): WordPiece {
    const vocabulary = Vocabulary.read(object(config, 'vocab'))
    return new WordPiece(vocabulary, {
      unknown: vocabulary.require(string(config, 'unk_token', '[UNK]'), nameOf(config, 'unk_token')),
      prefix: string(config, 'continuing_subword_prefix', '##'),
      maxChars: nonNegativeInt(config, 'max_input_chars_per_word', 100),
    })
  }

  encode(piece: string): number[] {
    return this.#cache.get(piece, (word) => this.#split(word))
  }

  #split(word: string): number[] {
    const { unknown, prefix, maxChars } = this.#options
    const chars = [...word]
    if (chars.length > maxChars) return [unknown]
    const ids: number[] = []
    for (let start = 0; start < word.length; ) {
      const head = start > 0 ? prefix : ''
      let end = word.length
      let id: number | undefined
      while (end > start) {
        id = this.vocabulary.id(head + word.slice(start, end))
        if (id !== undefined) break
        // Do not split a surrogate pair: half of one never matches.
        end -= end - start > 1 && isLowSurrogate(word.charCodeAt(end - 1)) ? 2 : 1
      }
      if (id === undefined) return [unknown]
      ids.push(id)
      start = end
    }
    return ids
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
