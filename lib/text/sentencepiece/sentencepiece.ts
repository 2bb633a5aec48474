import { isUtf8 } from 'node:buffer'
import { SaccadeError } from '../../errors.js'
import type { Turns } from '../../turns.js'
import { ByteTrie } from '../models/byte-trie.js'
import { byteToken } from '../models/model.js'
import { unknownPenalty } from '../models/unigram.js'
import { bestSegments, charLength, type Segment, type ViterbiOptions } from '../models/viterbi.js'
import { mergePieces } from './merge.js'
import { type ModelFile, parseModelFile, pieceKinds } from './model-file.js'
import { SentencePieceNormalizer } from './normalizer.js'

export interface SentencePieceOptions {
  /** Overrides the file's option to put a space in front of the text. */
  addDummyPrefix?: boolean
}

/**
 * A SentencePiece model (Kudo and Richardson 2018), unigram or byte-pair encoding: normalization, segmentation and
 * decoding, with the results of the original implementation.
 */
export class SentencePiece {
  readonly #file: ModelFile
  readonly #normalizer: SentencePieceNormalizer
  readonly #denormalizer: SentencePieceNormalizer | undefined
  readonly #ids: ReadonlyMap<string, number>
  readonly #pieces: ByteTrie
  readonly #symbols: ByteTrie
  readonly #viterbi: ViterbiOptions
  readonly #unknown: number

  /** @param where the file, for errors. @throws TOKENIZER_INVALID */
  static async read(
    bytes: Uint8Array,
    where: string,
    turns: Turns,
    options: SentencePieceOptions = {},
  ): Promise<SentencePiece> {
    const file = await parseModelFile(bytes, where, turns)
    const index = await indexPieces(file, turns)
    const pieces = await ByteTrie.build(index.texts, where, turns)
    const symbols = await ByteTrie.build(index.symbols, where, turns)
    return new SentencePiece(file, index, { pieces, symbols }, options)
  }

  private constructor(
    file: ModelFile,
    { ids, unknown }: PieceIndex,
    { pieces, symbols }: { pieces: ByteTrie; symbols: ByteTrie },
    options: SentencePieceOptions,
  ) {
    this.#file = file
    this.#ids = ids
    this.#unknown = unknown
    this.#pieces = pieces
    this.#symbols = symbols
    this.#viterbi = this.#viterbiOptions()
    const spec = { ...file.normalizer, ...options }
    const { whitespaceAsSuffix, denormalizer, where } = file
    this.#normalizer = new SentencePieceNormalizer(spec, { whitespaceAsSuffix, symbols, where })
    this.#denormalizer =
      denormalizer.charsMap.length > 0 ? new SentencePieceNormalizer(denormalizer, { where }) : undefined
  }

  #viterbiOptions(): ViterbiOptions {
    const { pieces } = this.#file
    // As in the original, the minimum starts at FLT_MAX and the maximum at FLT_MIN, which is above 0.
    let minScore = (2 - 2 ** -23) * 2 ** 127
    let maxScore = 2 ** -126
    for (const { score, kind } of pieces) {
      if (kind !== pieceKinds.normal) continue
      minScore = Math.min(minScore, score)
      maxScore = Math.max(maxScore, score)
    }
    return {
      // A user-defined symbol has a better score than any other pieces of its bytes.
      score: (id, length) => {
        const { kind, score } = pieces[id]!
        return kind === pieceKinds.userDefined ? Math.fround(length * maxScore) - 0.1 : score
      },
      unknownId: this.#unknown,
      unknownScore: Math.fround(minScore - unknownPenalty),
      precision: 'float32',
    }
  }

  get size(): number {
    return this.#file.pieces.length
  }

  get pieces(): ModelFile['pieces'] {
    return this.#file.pieces
  }

  get file(): ModelFile {
    return this.#file
  }

  /** The id of a piece, or that of the unknown piece. */
  id(piece: string): number {
    return this.#ids.get(piece) ?? this.#unknown
  }

  piece(id: number): string | undefined {
    return this.#file.pieces[id]?.text
  }

  /** The pieces of a text. A run of unknown characters is one piece, its text. */
  encode(text: string): string[] {
    const bytes = this.#normalizer.normalize(Buffer.from(text, 'utf8'))
    const result: string[] = []
    let afterUnknown = false
    for (const { start, end, id } of this.#segments(bytes)) {
      const part = bytes.subarray(start, end)
      const unknown = id === this.#unknown
      if (unknown && this.#file.byteFallback) for (const byte of part) result.push(byteToken(byte))
      else if (unknown && afterUnknown) result[result.length - 1] += Buffer.from(part).toString('utf8')
      else result.push(Buffer.from(part).toString('utf8'))
      afterUnknown = unknown
    }
    return result
  }

  #segments(bytes: Uint8Array): Segment[] {
    if (this.#file.algorithm === 'unigram') return bestSegments(bytes, this.#pieces, this.#viterbi)
    return mergePieces(bytes, this.#pieces, this.#symbols, this.#file.pieces, this.#unknown)
  }

  /** Text of pieces: control pieces are dropped, U+2581 becomes a space, and the first piece loses a leading one. */
  decode(pieces: readonly string[]): string {
    const { normalizer, unknownSurface, pieces: known } = this.#file
    const stripsFirst = normalizer.addDummyPrefix || normalizer.removeExtraWhitespaces
    let text = ''
    let bytes: number[] = []
    let atHead = true
    let headSeen = false
    const flush = (): void => {
      text += decodeEachByte(Buffer.from(bytes))
      bytes = []
    }
    for (const piece of pieces) {
      const id = this.id(piece)
      const kind = known[id]!.kind
      if (kind === pieceKinds.byte) {
        bytes.push(Number.parseInt(piece.slice(3, 5), 16))
        continue
      }
      flush()
      if (headSeen || text !== '') atHead = false
      headSeen = false
      if (kind === pieceKinds.control) continue
      if (kind === pieceKinds.unknown) {
        text += piece === known[id]!.text ? unknownSurface : piece
        continue
      }
      const marked = atHead && stripsFirst && piece.startsWith('▁')
      // If extra whitespace is removed, so is every leading U+2581, not only the dummy prefix.
      headSeen = marked && !normalizer.removeExtraWhitespaces
      text += (marked ? piece.slice(1) : piece).replaceAll('▁', ' ')
    }
    flush()
    if (!this.#denormalizer) return text
    return Buffer.from(this.#denormalizer.normalize(Buffer.from(text, 'utf8'))).toString('utf8')
  }
}

interface PieceIndex {
  readonly ids: ReadonlyMap<string, number>
  /** The id of the unknown piece. */
  readonly unknown: number
  /** The pieces that texts are split into. */
  readonly texts: readonly (readonly [text: string, id: number])[]
  /** Those that are defined by the user. */
  readonly symbols: readonly (readonly [text: string, id: number])[]
}

async function indexPieces(file: ModelFile, turns: Turns): Promise<PieceIndex> {
  const { pieces, byteFallback, where } = file
  // Byte-pair encoding merges to unused pieces and splits them again; a unigram model ignores them.
  const hidden = file.algorithm === 'unigram' ? pieceKinds.unused : undefined
  const texts: [string, number][] = []
  const symbols: [string, number][] = []
  const ids = new Map<string, number>()
  let unknown = -1
  const byText = new Map<string, number>()
  await turns.each(pieces, ({ text, kind }, id) => {
    const known = isText(kind) ? byText : ids
    if (known.has(text)) fail(where, `the piece ${JSON.stringify(text)} occurs twice`)
    known.set(text, id)
    if (isText(kind) && kind !== hidden) texts.push([text, id])
    if (kind === pieceKinds.userDefined) symbols.push([text, id])
    if (kind === pieceKinds.unknown && unknown >= 0) fail(where, 'two unknown pieces')
    if (kind === pieceKinds.unknown) unknown = id
  })
  // Reserved pieces take precedence over text pieces of the same name.
  await turns.each(byText, ([text, id]) => {
    if (!ids.has(text)) ids.set(text, id)
  })
  if (unknown < 0) fail(where, 'no unknown piece')
  if (byteFallback)
    for (let byte = 0; byte < 256; byte++)
      if (pieces[ids.get(byteToken(byte)) ?? unknown]?.kind !== pieceKinds.byte)
        fail(where, `no piece ${byteToken(byte)}`)
  return { ids, unknown, texts, symbols }
}

function isText(kind: number): boolean {
  return kind === pieceKinds.normal || kind === pieceKinds.userDefined || kind === pieceKinds.unused
}

/** Decodes UTF-8; each byte that does not begin a complete character becomes one U+FFFD. */
function decodeEachByte(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const char = bytes.subarray(at, at + charLength(bytes[at]!))
    const whole = isUtf8(char)
    text += whole ? char.toString('utf8') : '\uFFFD'
    at += whole ? char.length : 1
  }
  return text
}

function fail(where: string, problem: string): never {
  throw new SaccadeError('TOKENIZER_INVALID', `${where}: ${problem}`)
}
