import { SaccadeError } from '../../errors.js'

/**
 * The precompiled character map of a SentencePiece model: replacements of byte strings, as a double-array trie
 * (Darts-clone) over UTF-8 bytes whose values are offsets into a pool of zero-terminated strings.
 * Layout: u32 size of the trie in bytes, the trie's u32 units, the pool.
 */
export class CharsMap {
  readonly #units: Uint32Array
  readonly #pool: Uint8Array

  /** @throws TOKENIZER_INVALID naming `where` if the sizes do not match */
  constructor(blob: Uint8Array, where: string) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
    const size = blob.byteLength > 4 ? view.getUint32(0, true) : -1
    if (size < 4 || size % 4 !== 0 || size + 4 >= blob.byteLength)
      throw new SaccadeError(
        'TOKENIZER_INVALID',
        `${where}: the character map declares a trie of ${size} bytes in a blob of ${blob.byteLength}`,
      )
    this.#units = new Uint32Array(size / 4)
    for (let i = 0; i < this.#units.length; i++) this.#units[i] = view.getUint32(4 + 4 * i, true)
    this.#pool = blob.subarray(4 + size)
  }

  /**
   * Calls `found(length, value)` for each rule that matches at bytes[start...end), the shortest first, until it
   * returns true. A unit outside the trie, which only a corrupt file has, counts as no match.
   */
  #walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    found: (length: number, value: number) => boolean,
  ): void {
    const units = this.#units
    let node = offsetOf(units[0]!)
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      node ^= byte
      const unit = units[node]
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return
      node ^= offsetOf(unit)
      if ((unit >>> 8) & 1) {
        const leaf = units[node]
        if (leaf === undefined || found(at + 1 - start, leaf & 0x7fffffff)) return
      }
    }
  }

  /** The longest rule that matches at `start`: the number of bytes and their replacement. Undefined if there is none. */
  longest(bytes: Uint8Array, start: number): { length: number; by: Uint8Array } | undefined {
    let length = 0
    let value = 0
    this.#walk(bytes, start, bytes.length, (foundLength, foundValue) => {
      length = foundLength
      value = foundValue
      return false
    })
    return length === 0 ? undefined : { length, by: this.#replacement(value) }
  }

  /** The replacement of the shortest rule that matches at the start of bytes[start...end). */
  shortest(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    let value = -1
    this.#walk(bytes, start, end, (_, foundValue) => {
      value = foundValue
      return true
    })
    return value < 0 ? undefined : this.#replacement(value)
  }

  #replacement(value: number): Uint8Array {
    if (value >= this.#pool.length) return this.#pool.subarray(0, 0)
    const end = this.#pool.indexOf(0, value)
    return this.#pool.subarray(value, end < 0 ? this.#pool.length : end)
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}
