/**
 * A read-only trie over byte strings, in flat arrays. The children of a node are adjacent and sorted by byte.
 */
export class ByteTrie {
  /** For each node: its byte, its first child, one past its last child, and the value of the key that ends there or -1. */
  readonly #byte: Uint8Array
  readonly #first: Int32Array
  readonly #end: Int32Array
  readonly #value: Int32Array

  /** Keys are texts, stored as UTF-8. Of equal keys, the last value is used. */
  constructor(entries: readonly { readonly key: string; readonly value: number }[]) {
    // As latin1 strings, which sort much faster than arrays of bytes.
    const values = new Map(
      entries.map(({ key, value }) => [Buffer.from(key, 'utf8').toString('latin1'), value]),
    )
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

  /** The length of the longest key that matches at `start`, or 0. */
  longestMatch(bytes: Uint8Array, start: number): number {
    let length = 0
    let node = ByteTrie.root
    for (let at = start; at < bytes.length; at++) {
      node = this.step(node, bytes[at]!)
      if (node < 0) break
      if (this.value(node) >= 0) length = at + 1 - start
    }
    return length
  }
}
