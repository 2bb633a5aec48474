/**
 * A read-only trie over byte strings, in flat arrays: the children of a node are neighbours, in the order of their
 * bytes. Built once from all keys.
 */
export class ByteTrie {
  /** Per node: its byte, its first child, one past its last child, and the value of the key ending here or -1. */
  readonly #byte: Uint8Array
  readonly #first: Int32Array
  readonly #end: Int32Array
  readonly #value: Int32Array

  /** Keys are texts, meaning their UTF-8 bytes. Of two equal keys the later value counts. */
  constructor(entries: readonly { readonly key: string; readonly value: number }[]) {
    // A character a byte: such strings sort much faster than arrays of bytes.
    const values = new Map(
      entries.map(({ key, value }) => [Buffer.from(key, 'utf8').toString('latin1'), value]),
    )
    const keys = [...values.keys()].sort()
    // Breadth first: node i holds the keys from[i]..to[i], which share their first depth[i] bytes.
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
      // The key that ends here sorts before those that go on.
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

  /** How many bytes the longest key at bytes[start...] has; 0 where none matches. */
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
