import { invalid, show } from '../errors.js'
import { checkLimit } from '../limits.js'
import { checkFlags, checkOptions, checkStrings, optionInvalid } from '../options.js'
import { roles, type SpecialRole } from './class-defaults.js'
import type { Room, TokenizerCore } from './core.js'
import type {
  BatchEncoding,
  BatchOptions,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  PadOptions,
} from './encoding.js'
import { batchOf, isEncoding, padRow } from './padding.js'
import type { Side, TokenizerSettings, TokenizerSource } from './settings.js'
import { named, textName } from './text-name.js'
import { readStrategy, truncate } from './truncation.js'
import { cleanUpSpaces, wellFormed } from './unicode.js'

const encodeOptions = ['pair', 'addSpecialTokens', 'language', 'truncation', 'maxLength']
const batchOptions = ['textPair', 'addSpecialTokens', 'language', 'truncation', 'maxLength', 'padding']
const decodeOptions = ['skipSpecialTokens', 'cleanUpTokenizationSpaces']

/** Converts text to token ids and back, as the model's own tokenizer does. Made by {@link loadTokenizer}. */
export class Tokenizer {
  readonly #core: TokenizerCore
  readonly #settings: TokenizerSettings
  readonly #specialIds: Readonly<Partial<Record<SpecialRole, number>>>

  readonly #source: TokenizerSource | undefined

  constructor(core: TokenizerCore, settings: TokenizerSettings, source?: TokenizerSource) {
    this.#source = source
    this.#core = core
    this.#settings = settings
    const ids: Partial<Record<SpecialRole, number>> = {}
    for (const role of roles) {
      const token = settings.specialTokens[role]
      const id = token === undefined ? undefined : core.id(token)
      if (id !== undefined) ids[role] = id
    }
    this.#specialIds = ids
  }

  /** The files it was loaded from, if it was. */
  get source(): TokenizerSource | undefined {
    return this.#source
  }

  /** The maximum number of tokens the model takes, with special ones; Infinity if the files name no limit. */
  get modelMaxLength(): number {
    return this.#settings.modelMaxLength
  }

  get paddingSide(): Side {
    return this.#settings.paddingSide
  }

  get truncationSide(): Side {
    return this.#settings.truncationSide
  }

  /** Whether decode() undoes the spaces before English punctuation unless told otherwise. */
  get cleanUpTokenizationSpaces(): boolean {
    return this.#settings.cleanUpTokenizationSpaces
  }

  /** The inputs the model takes: 'input_ids', 'attention_mask', and 'token_type_ids' if it has segments. */
  get modelInputNames(): readonly string[] {
    return this.#settings.modelInputNames
  }

  /** One past the largest token id. */
  get size(): number {
    return this.#core.size
  }

  /** Special tokens by role: `{ eos: '</s>', ... }`. */
  get specialTokens(): Readonly<Partial<Record<SpecialRole, string>>> {
    return this.#settings.specialTokens
  }

  get bosTokenId(): number | undefined {
    return this.#specialIds.bos
  }

  get eosTokenId(): number | undefined {
    return this.#specialIds.eos
  }

  get unkTokenId(): number | undefined {
    return this.#specialIds.unk
  }

  get sepTokenId(): number | undefined {
    return this.#specialIds.sep
  }

  get padTokenId(): number | undefined {
    return this.#specialIds.pad
  }

  get clsTokenId(): number | undefined {
    return this.#specialIds.cls
  }

  get maskTokenId(): number | undefined {
    return this.#specialIds.mask
  }

  /** Whether an id is that of a special token: of one with a role, or of an additional one. */
  isSpecial(id: number | undefined): boolean {
    const token = id === undefined ? undefined : this.#core.token(id)
    const { specialTokens, additionalTokens } = this.#settings
    return token !== undefined && [...Object.values(specialTokens), ...additionalTokens].includes(token)
  }

  /** The id of a token, or undefined if the vocabulary does not have it. */
  tokenToId(token: string): number | undefined {
    return this.#core.id(token)
  }

  /** The token of an id, or undefined if there is none. */
  idToToken(id: number): string | undefined {
    return this.#core.token(id)
  }

  /**
   * Encodes one text, or a pair, in this thread: a megabyte of text stops the event loop for a second or more. The
   * pipelines encode long texts in a worker thread. A result longer than {@link modelMaxLength} is returned whole, unless
   * the option `truncation` is given.
   * @throws OPTION_UNKNOWN, OPTION_INVALID, INPUT_INVALID (not a string)
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    checkOptions(options, encodeOptions, 'encode')
    return this.#encode(text, this.#second(options.pair), options, false)
  }

  /**
   * The id of the token of a language, which a translator of many languages begins its text with. undefined for other
   * tokenizers.
   * @throws OPTION_INVALID for a language that the model does not have
   */
  languageTokenId(language: string): number | undefined {
    checkStrings({ language }, ['language'], 'languageTokenId')
    return this.#core.languageId?.(language, true)
  }

  /** Encodes a text in the target language of a translator. Other tokenizers do the same as in encode(). */
  encodeTarget(text: string, options: EncodeOptions = {}): Encoding {
    checkOptions(options, encodeOptions, 'encodeTarget')
    return this.#encode(text, this.#second(options.pair), options, true)
  }

  /**
   * Encodes a batch.
   * @throws OPTION_UNKNOWN, OPTION_INVALID (padding without a padding token, ...), INPUT_INVALID, EMPTY_BATCH
   */
  call(texts: readonly string[], options: BatchOptions = {}): BatchEncoding {
    checkOptions(options, batchOptions, 'call')
    if (!Array.isArray(texts)) throw invalid('INPUT_INVALID', 'call: texts', 'a list of strings', show(texts))
    if (texts.length === 0) throw invalid('EMPTY_BATCH', 'call: texts', 'at least one text', 'none')
    const { textPair, padding = false } = options
    if (textPair !== undefined && !(Array.isArray(textPair) && textPair.length === texts.length))
      optionInvalid('textPair', textPair, `${texts.length} texts, one for each first text`)
    const rows = texts.map((text, i) =>
      named(textName(i, texts.length), () => this.#encode(text, textPair?.[i], options, false)),
    )
    return this.pad(rows, { padding, maxLength: options.maxLength })
  }

  /**
   * Pads encodings to one length.
   * @throws OPTION_UNKNOWN, OPTION_INVALID (no padding token, ...), INPUT_INVALID, LIMIT_EXCEEDED
   */
  pad(rows: readonly Encoding[], options: PadOptions = {}): BatchEncoding {
    checkOptions(options, ['padding', 'maxLength'], 'pad')
    const isRow = (row: unknown) => isEncoding(row, this.#hasTypes)
    if (!(Array.isArray(rows) && rows.every(isRow)))
      throw invalid('INPUT_INVALID', 'pad: rows', 'a list of results of encode()', show(rows))
    const { padding = true, maxLength } = options
    const length = this.#paddedLength(rows, padding, maxLength)
    checkLimit('paddedTokens', length * rows.length, 'padding')
    return batchOf(rows.map((row) => padRow(row, length, this.padTokenId, this.paddingSide)))
  }

  /** Decodes ids. Ids outside the vocabulary are skipped, or unknown, as in the model's own tokenizer. */
  decode(ids: ArrayLike<number | bigint>, options: DecodeOptions = {}): string {
    checkOptions(options, decodeOptions, 'decode')
    checkFlags(options, ['skipSpecialTokens', 'cleanUpTokenizationSpaces'], 'decode')
    const { skipSpecialTokens = false, cleanUpTokenizationSpaces } = options
    const text = this.#core.decode(idList(ids), skipSpecialTokens)
    return (cleanUpTokenizationSpaces ?? this.#settings.cleanUpTokenizationSpaces)
      ? cleanUpSpaces(text)
      : text
  }

  /** decode() of every row. */
  batchDecode(rows: readonly ArrayLike<number | bigint>[], options: DecodeOptions = {}): string[] {
    if (!Array.isArray(rows))
      throw invalid('INPUT_INVALID', 'batchDecode: rows', 'a list of lists of ids', show(rows))
    return rows.map((ids, index) => named(textName(index, rows.length), () => this.decode(ids, options)))
  }

  /** For JSON.stringify: the description without the vocabulary. */
  toJSON(): { size: number; modelMaxLength: number | null; specialTokens: Tokenizer['specialTokens'] } {
    const { size, modelMaxLength, specialTokens } = this
    return { size, modelMaxLength: modelMaxLength === Infinity ? null : modelMaxLength, specialTokens }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Tokenizer (${this.size} tokens, at most ${this.modelMaxLength} in a text)`
  }

  get #hasTypes(): boolean {
    return this.modelInputNames.includes('token_type_ids')
  }

  #second(pair: string | undefined): string | undefined {
    return pair === '' && this.#core.ignoresEmptyPair ? undefined : pair
  }

  #encode(text: string, pair: string | undefined, options: EncodeOptions, target: boolean): Encoding {
    const { addSpecialTokens = true, truncation = false } = options
    checkFlags(options, ['addSpecialTokens'], 'encode')
    const language = this.#languageId(options.language, target)
    for (const value of pair === undefined ? [text] : [text, pair])
      if (typeof value !== 'string') throw invalid('INPUT_INVALID', 'text', 'a string', show(value))
    const strategy = readStrategy(truncation)
    const max = this.#limit(options.maxLength)
    const room: Room = { tokens: strategy === undefined ? Infinity : max, cut: this.truncationSide }
    const idsOf = (value: string) => this.#core.ids(wellFormed(value), target, room)
    let first = idsOf(text)
    let second = pair === undefined ? undefined : idsOf(pair)
    if (strategy !== undefined && max !== Infinity) {
      const special = addSpecialTokens ? this.#core.added(second !== undefined) : 0
      if (max < special) optionInvalid('maxLength', max, `at least ${special}, the number of special tokens`)
      const cut = truncate(first, second, max - special, strategy, this.truncationSide, this.#core.cut)
      if (cut === undefined)
        return optionInvalid('truncation', truncation, `a strategy that can cut the texts to ${max} tokens`)
      ;[first, second] = cut
    }
    const { ids, typeIds } = this.#core.assemble(first, second, addSpecialTokens, language)
    return {
      inputIds: ids,
      ...(this.#hasTypes && { tokenTypeIds: typeIds }),
      attentionMask: ids.map(() => 1),
    }
  }

  #languageId(language: string | undefined, target: boolean): number | undefined {
    checkStrings({ language }, ['language'], 'encode')
    if (this.#core.languageId) return this.#core.languageId(language, target)
    if (language !== undefined)
      optionInvalid('language', language, 'none: the tokenizer is not that of a translator of many languages')
    return undefined
  }

  #limit(maxLength: number | undefined): number {
    if (maxLength === undefined) return this.modelMaxLength
    if (!Number.isInteger(maxLength) || maxLength < 0)
      optionInvalid('maxLength', maxLength, 'a whole number, 0 or more')
    return maxLength
  }

  #paddedLength(
    rows: readonly Encoding[],
    padding: BatchOptions['padding'],
    maxLength: number | undefined,
  ): number {
    if (padding === false) return 0
    if (padding !== true && padding !== 'longest' && padding !== 'max_length')
      optionInvalid('padding', padding, "true, false, 'longest' or 'max_length'")
    if (this.padTokenId === undefined)
      optionInvalid('padding', padding, 'false (the tokenizer has no padding token)')
    const limit = this.#limit(maxLength)
    if (padding === 'max_length') return limit === Infinity ? 0 : limit
    return rows.reduce((length, row) => Math.max(length, row.inputIds.length), 0)
  }
}

function idList(ids: ArrayLike<number | bigint>): number[] {
  const isList = Array.isArray(ids) || (ArrayBuffer.isView(ids) && !(ids instanceof DataView))
  if (!isList) throw invalid('INPUT_INVALID', 'decode: ids', 'a list of token ids', show(ids))
  return Array.from(ids, (id, index) => {
    if (typeof id === 'number' || typeof id === 'bigint') return Number(id)
    throw invalid('INPUT_INVALID', `decode: ids[${index}]`, 'a token id', show(id))
  })
}
