import { checkLimit } from '../../limits.js'

/**
 * A read-only trie over byte strings, in flat arrays. The children of a node are adjacent and sorted by byte.
 */
export class ByteTrie {
  /** For each node: its byte, its first child, one past its last child, and the value of the key that ends there or -1. */
  readonly #byte: Uint8Array
  readonly #first: Int32Array
  readonly #end: Int32Array
  readonly #value: Int32Array

  /** Bytes of the longest key. */
  readonly longestKey: number = 0

  /**
   * Keys are texts, stored as UTF-8. Of equal keys, the last value is used.
   * @param where file and key, for errors
   * @throws LIMIT_EXCEEDED for a long key: searches take time for each byte of the longest one
   */
  constructor(entries: Iterable<readonly [key: string, value: number]>, where: string) {
    // As latin1 strings, which sort much faster than arrays of bytes.
    const values = new Map<string, number>()
    for (const [key, value] of entries) {
      const bytes = Buffer.from(key, 'utf8')
      checkLimit('tokenBytes', bytes.length, where)
      this.longestKey = Math.max(this.longestKey, bytes.length)
      values.set(bytes.toString('latin1'), value)
    }
    const keys = [...values.keys()].sort()
    // Breadth first: the keys from[i] to to[i] of node i have their first depth[i] bytes in common.
    const from = [0]
    const to = [keys.length]
    const depth = [0]
    const byte = [0]
    const first: number[] = []
    const value: number[] = []
    for (let node = 0; node < from.length; node++) {
      const at = depth[node]!
      const stop = to[node]!
      let i = from[node]!
      first.push(from.length)
      // A key that ends here sorts before longer ones.
      const ends = i < stop && keys[i]!.length === at
      value.push(ends ? values.get(keys[i++]!)! : -1)
      while (i < stop) {
        const label = keys[i]!.charCodeAt(at)
        byte.push(label)
        from.push(i)
        depth.push(at + 1)
        while (i < stop && keys[i]!.charCodeAt(at) === label) i++
        to.push(i)
      }
    }
    this.#byte = Uint8Array.from(byte)
    this.#first = Int32Array.from(first)
    this.#end = Int32Array.from(first, (_, node) => first[node + 1] ?? from.length)
    this.#value = Int32Array.from(value)
  }

  static readonly root = 0

  /** The child of `node` along `byte`, or -1. */
  step(node: number, byte: number): number {
    const end = this.#end[node]!
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
