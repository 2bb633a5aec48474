import { checkGrowth } from '../growth.js'
import type { ByteTrie } from '../models/byte-trie.js'
import { charLength } from '../models/viterbi.js'
import { CharsMap } from './charsmap.js'
import type { NormalizerSpec } from './model-file.js'

const space = 0x20
/** U+2581, which stands for a space. */
const mark = Uint8Array.of(0xe2, 0x96, 0x81)

export interface NormalizerOptions {
  whitespaceAsSuffix?: boolean
  /** User-defined symbols, which are not normalized. */
  symbols?: ByteTrie
  /** The file, for errors. */
  where: string
}

/** The normalization of SentencePiece: character map, spaces, dummy prefix. Works on UTF-8 bytes, as the original. */
export class SentencePieceNormalizer {
  readonly #spec: NormalizerSpec
  readonly #map: CharsMap | undefined
  readonly #options: NormalizerOptions

  constructor(spec: NormalizerSpec, options: NormalizerOptions) {
    this.#spec = spec
    this.#map = spec.charsMap.length > 0 ? new CharsMap(spec.charsMap, options.where) : undefined
    this.#options = options
  }

  normalize(text: Uint8Array): Uint8Array {
    const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = this.#spec
    const { whitespaceAsSuffix = false } = this.#options
    const blank = escapeWhitespaces ? mark : Uint8Array.of(space)
    const out = new ByteList(text.length)
    let at = 0
    if (removeExtraWhitespaces) {
      while (at < text.length) {
        const { length, by } = this.#prefix(text, at)
        if (by.length !== 1 || by[0] !== space) break
        at += length
      }
    }
    if (at === text.length) return new Uint8Array()
    if (addDummyPrefix && !whitespaceAsSuffix) out.add(blank)
    let afterSpace = removeExtraWhitespaces
    while (at < text.length) {
      const { length, by } = this.#prefix(text, at)
      let from = 0
      while (afterSpace && by[from] === space) from++
      if (from < by.length) {
        for (let i = from; i < by.length; i++) {
          if (by[i] === space) out.add(blank)
          else out.addByte(by[i]!)
        }
        checkGrowth(out.length, text.length, this.#options.where)
        afterSpace = by[by.length - 1] === space
      }
      at += length
      if (!removeExtraWhitespaces) afterSpace = false
    }
    if (removeExtraWhitespaces) while (out.endsWith(blank)) out.drop(blank.length)
    if (addDummyPrefix && whitespaceAsSuffix) out.add(blank)
    return out.bytes()
  }

  /** The number of bytes at `at` that are replaced together, and their replacement. */
  #prefix(text: Uint8Array, at: number): { length: number; by: Uint8Array } {
    const symbol = this.#options.symbols?.longest(text, at)?.length ?? 0
    if (symbol > 0) return { length: symbol, by: text.subarray(at, at + symbol) }
    const rule = this.#map?.longest(text, at)
    if (rule) return rule
    const length = Math.min(charLength(text[at]!), text.length - at)
    return { length, by: text.subarray(at, at + length) }
  }
}

/** A growing list of bytes. */
class ByteList {
  #bytes: Uint8Array
  #length = 0

  constructor(expected: number) {
    this.#bytes = new Uint8Array(2 * expected + 16)
  }

  addByte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = byte
  }

  add(bytes: Uint8Array): void {
    for (const byte of bytes) this.addByte(byte)
  }

  get length(): number {
    return this.#length
  }

  endsWith(bytes: Uint8Array): boolean {
    const start = this.#length - bytes.length
    return start >= 0 && bytes.every((byte, i) => this.#bytes[start + i] === byte)
  }

  drop(count: number): void {
    this.#length -= count
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
