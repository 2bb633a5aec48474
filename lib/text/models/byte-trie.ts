import { checkLimit } from '../../limits.js'
import type { Turns } from '../../turns.js'
import { TrieBuilder, type TrieNodes } from './trie-builder.js'

/**
 * A read-only trie over byte strings, in flat arrays. The children of a node are adjacent and sorted by byte.
 */
export class ByteTrie {
  readonly #byte: Uint8Array
  readonly #first: Int32Array
  readonly #value: Int32Array

  /** Bytes of the longest key. */
  readonly longestKey: number

  private constructor({ byte, first, value }: TrieNodes, longestKey: number) {
    this.#byte = byte
    this.#first = first
    this.#value = value
    this.longestKey = longestKey
  }

  /**
   * Builds a trie of texts, stored as UTF-8. Of equal keys, the last value is used.
   * @param where file and key, for errors
   * @throws LIMIT_EXCEEDED for a long key: searches take time for each byte of the longest one
   */
  static async build(
    entries: Iterable<readonly [key: string, value: number]>,
    where: string,
    turns: Turns,
  ): Promise<ByteTrie> {
    let longestKey = 0
    const builder = new TrieBuilder()
    await turns.each(entries, ([key, value]) => {
      const length = Buffer.byteLength(key, 'utf8')
      checkLimit('tokenBytes', length, where)
      longestKey = Math.max(longestKey, length)
      builder.add(key, length, value)
    })
    return new ByteTrie(await builder.build(turns), longestKey)
  }

  static readonly root = 0

  /** The child of `node` along `byte`, or -1. */
  step(node: number, byte: number): number {
    const end = this.#first[node + 1]!
    let low = this.#first[node]!
    // Most nodes have one child.
    if (end - low === 1) return this.#byte[low] === byte ? low : -1
    let high = end
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#byte[middle]! < byte) low = middle + 1
      else high = middle
    }
    return low < end && this.#byte[low] === byte ? low : -1
  }

  /** The value of the key that ends at `node`, or -1. */
  value(node: number): number {
    return this.#value[node]!
  }

  /** The longest key that matches at `start`. @param from the node where the search begins */
  longest(
    bytes: Uint8Array,
    start: number,
    from: number = ByteTrie.root,
  ): { readonly length: number; readonly value: number } | undefined {
    let [length, value] = [0, -1]
    let node = from
    for (let at = start; at < bytes.length; at++) {
      node = this.step(node, bytes[at]!)
      if (node < 0) break
      if (this.value(node) >= 0) [length, value] = [at + 1 - start, this.value(node)]
    }
    return length === 0 ? undefined : { length, value }
  }

  /** The node behind a text, or -1. */
  find(text: string): number {
    let node: number = ByteTrie.root
    for (const byte of Buffer.from(text, 'utf8')) {
      if (node >= 0) node = this.step(node, byte)
    }
    return node
  }
}
