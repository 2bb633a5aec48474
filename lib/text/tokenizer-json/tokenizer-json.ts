import {
  type Config,
  configInvalid,
  eachObject,
  isSet,
  object,
  optional,
  string,
} from '../../files/config.js'
import type { Turns } from '../../turns.js'
import type { Room, TokenizerCore } from '../core.js'
import { checkGrowth } from '../growth.js'
import { BytePair } from '../models/byte-pair.js'
import { buildTurns, type Model, tokenId } from '../models/model.js'
import { Unigram } from '../models/unigram.js'
import { WordLevel } from '../models/word-level.js'
import { WordPiece } from '../models/word-piece.js'
import { type AddedToken, AddedTokenFinder, type ExtraToken, readAddedToken } from './added-tokens.js'
import { createDecoder, type Decode } from './decoders.js'
import { createNormalizer, type Normalize } from './normalizers.js'
import { createPostProcessor, type Part, type PostProcessor } from './post-processors.js'
import { createPreTokenizer, type PreTokenize } from './pre-tokenizers.js'
import { Words } from './words.js'

/**
 * The tokenizer that tokenizer.json describes, with the results of the Rust library `tokenizers`: finds added tokens in
 * the text, normalizes the text between them, splits it into pieces, and encodes the pieces with the model.
 */
export class TokenizerJson implements TokenizerCore {
  readonly cut = 'even'
  readonly ignoresEmptyPair = true
  readonly #model: Model
  readonly #normalize: Normalize
  readonly #preTokenize: PreTokenize
  readonly #postProcessor: PostProcessor
  readonly #decode: Decode
  readonly #added = new Map<number, AddedToken>()
  readonly #addedIds = new Map<string, number>()
  /** By content, not by id: a model may have a second id for the same text. */
  readonly #special = new Set<string>()
  #inText = AddedTokenFinder.none
  #inNormalized = AddedTokenFinder.none

  #size: number
  readonly #finish: (text: string) => string

  /**
   * @param more tokens of the files beside tokenizer.json
   * @param finish the last step of decoding
   * @throws TOKENIZER_INVALID
   */
  static async read(
    config: Config,
    more: readonly ExtraToken[] = [],
    finish = (text: string) => text,
  ): Promise<TokenizerJson> {
    const turns = buildTurns()
    const tokenizer = new TokenizerJson(config, await createModel(object(config, 'model'), turns), finish)
    await turns.each(eachObject(config, 'added_tokens', []), (entry) =>
      tokenizer.#add(readAddedToken(entry), tokenId(entry, 'id')),
    )
    for (const { described, ...token } of more)
      if (described || !tokenizer.#addedIds.has(token.content)) tokenizer.#add(token)
    await tokenizer.#findAdded(turns)
    return tokenizer
  }

  private constructor(config: Config, model: Model, finish: (text: string) => string) {
    this.#finish = finish
    this.#model = model
    this.#size = this.#model.vocabulary.size
    this.#normalize = createNormalizer(optional(object, config, 'normalizer'))
    this.#preTokenize = createPreTokenizer(optional(object, config, 'pre_tokenizer'))
    this.#postProcessor = createPostProcessor(optional(object, config, 'post_processor'))
    this.#decode = createDecoder(optional(object, config, 'decoder'))
  }

  async #findAdded(turns: Turns): Promise<void> {
    const tokens = [...this.#added.values()]
    this.#inText = await AddedTokenFinder.create(
      tokens.filter((token) => !token.normalized),
      turns,
    )
    this.#inNormalized = await AddedTokenFinder.create(
      tokens.filter((token) => token.normalized),
      turns,
      this.#normalize,
    )
  }

  /** A token without an id gets one after all others. */
  #add(token: AddedToken, givenId?: number): void {
    if (token.content === '') return
    const id = givenId ?? this.id(token.content) ?? Math.max(this.size, this.#model.vocabulary.count)
    this.#size = Math.max(this.#size, id + 1)
    this.#added.set(id, token)
    this.#addedIds.set(token.content, id)
    if (token.special) this.#special.add(token.content)
  }

  get size(): number {
    return this.#size
  }

  ids(text: string, _target = false, room: Room = { tokens: Infinity, cut: 'right' }): number[] {
    const words = new Words(room)
    let length = 0
    for (const section of this.#inText.split(text)) {
      if (words.full) break
      if (section.token) {
        words.push([this.#addedIds.get(section.token.content)!])
        continue
      }
      const normalized = this.#normalize(section.text)
      length += normalized.length
      checkGrowth(length, text.length, 'normalizer')
      this.#encodeSection(normalized, section.start === 0, words)
    }
    return words.ids()
  }

  #encodeSection(text: string, atStart: boolean, words: Words): void {
    for (const section of this.#inNormalized.split(text)) {
      if (section.token) {
        words.push([this.#addedIds.get(section.token.content)!])
        continue
      }
      if (section.text === '') continue
      const pieces = this.#preTokenize({ text: section.text, atStart: atStart && section.start === 0 })
      for (const piece of pieces) {
        if (words.full) return
        words.push(this.#model.encode(piece.text))
      }
    }
  }

  added(pair: boolean): number {
    return this.#postProcessor.added(pair)
  }

  assemble(first: number[], second: number[] | undefined, addSpecialTokens: boolean): Part {
    const parts: Part[] = [{ ids: first, typeIds: first.map(() => 0) }]
    if (second) parts.push({ ids: second, typeIds: second.map(() => 1) })
    const processed = this.#postProcessor.process(parts, addSpecialTokens)
    return {
      ids: processed.flatMap((part) => part.ids),
      typeIds: processed.flatMap((part) => part.typeIds),
    }
  }

  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    const tokens: string[] = []
    for (const id of ids) {
      const token = this.token(id)
      if (token === undefined || (skipSpecialTokens && this.#special.has(token))) continue
      tokens.push(token)
    }
    return this.#finish(this.#decode(tokens).join(''))
  }

  id(token: string): number | undefined {
    return this.#addedIds.get(token) ?? this.#model.vocabulary.id(token)
  }

  token(id: number): string | undefined {
    return this.#added.get(id)?.content ?? this.#model.vocabulary.token(id)
  }
}

async function createModel(config: Config, turns: Turns): Promise<Model> {
  switch (modelType(config)) {
    case 'WordPiece':
      return WordPiece.read(config, turns)
    case 'WordLevel':
      return WordLevel.read(config, turns)
    case 'BPE':
      return BytePair.read(config, turns)
    case 'Unigram':
      return Unigram.read(config, turns)
    default:
      throw configInvalid(config, 'type', 'a known model')
  }
}

/** Files of the first versions have no type; their keys identify it. */
function modelType(config: Config): string {
  if (isSet(config, 'type')) return string(config, 'type')
  if (isSet(config, 'merges')) return 'BPE'
  if (Array.isArray(config.values.vocab)) return 'Unigram'
  return isSet(config, 'continuing_subword_prefix') ? 'WordPiece' : 'WordLevel'
}
