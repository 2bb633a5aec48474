import type { Json } from '../json.js'
import { type Model, Vocabulary } from './model.js'

/** A piece is a token, or unknown. */
export class WordLevel implements Model {
  readonly vocabulary: Vocabulary
  readonly #unknown: number

  constructor(vocabulary: Vocabulary, unknown: number) {
    this.vocabulary = vocabulary
    this.#unknown = unknown
  }

  static read(json: Json): WordLevel {
    const vocabulary = Vocabulary.read(json.at('vocab'))
    return new WordLevel(vocabulary, vocabulary.require(json.at('unk_token').string(), json.where))
  }

  encode(piece: string): number[] {
    return [this.vocabulary.id(piece) ?? this.#unknown]
  }
}
