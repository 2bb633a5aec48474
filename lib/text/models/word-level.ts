import { type Config, nameOf, string } from '../../files/config.js'
import type { Turns } from '../../turns.js'
import { type Model, Vocabulary } from './model.js'

/** Encodes a whole piece as one token, known or unknown. */
export class WordLevel implements Model {
  readonly vocabulary: Vocabulary
  readonly #unknown: number

  constructor(vocabulary: Vocabulary, unknown: number) {
    this.vocabulary = vocabulary
    this.#unknown = unknown
  }

  static async read(config: Config, turns: Turns): Promise<WordLevel> {
    const vocabulary = await Vocabulary.read(config, turns, 'vocab')
    const unknown = vocabulary.require(string(config, 'unk_token'), nameOf(config, 'unk_token'))
    return new WordLevel(vocabulary, unknown)
  }

  encode(piece: string): number[] {
    return [this.vocabulary.id(piece) ?? this.#unknown]
  }
}
