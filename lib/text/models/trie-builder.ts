import type { Turns } from '../../turns.js'

/** Keys that are sorted between two looks at the clock. */
const keysAtOnce = 2 ** 12
/** So many keys of a node or fewer are sorted by insertion, which has no table to clear. */
const fewKeys = 32

/** The nodes of a trie, breadth first. */
export interface TrieNodes {
  /** The byte that leads to a node. */
  readonly byte: Uint8Array
  /** The first child of each node, and in the end the number of nodes: a node's children end where the next node's begin. */
  readonly first: Int32Array
  /** The value of the key that ends at a node, or -1. */
  readonly value: Int32Array
}

/** Builds the nodes of a ByteTrie, with turns of the event loop. */
export class TrieBuilder {
  readonly #keys: string[] = []
  readonly #values: number[] = []
  /** Where each key begins in the bytes of all, and where the last one ends. */
  readonly #starts = [0]

  /** @param length of the key in bytes */
  add(key: string, length: number, value: number): void {
    this.#keys.push(key)
    this.#values.push(value)
    this.#starts.push(this.#starts.at(-1)! + length)
  }

  /** Sorts the keys by one more byte at each level, so that every node is one short step. */
  async build(turns: Turns): Promise<TrieNodes> {
    const keys = new SortedKeys(await this.#bytes(turns), new Int32Array(this.#starts))
    const most = this.#starts.at(-1)! + 1
    const byte = new Uint8Array(most)
    const value = new Int32Array(most)
    const first = new Int32Array(most + 1)
    // Until its turn comes, a node has here the range of keys that begin alike.
    const [from, to] = [first, value]
    to[0] = this.#keys.length
    let count = 1
    let depth = 0
    let levelEnd = 1
    let sorted = 0
    for (let node = 0; node < count; node++) {
      if (node === levelEnd) {
        depth++
        levelEnd = count
      }
      const stop = to[node]!
      let at = from[node]!
      first[node] = count
      value[node] = -1
      sorted += stop - at
      if (stop - at > fewKeys) await keys.count(at, stop, depth, turns)
      else keys.insert(at, stop, depth)
      // Those that end here come first.
      for (; at < stop && keys.label(at, depth) < 0; at++) value[node] = this.#values[keys.order[at]!]!
      while (at < stop) {
        const label = keys.label(at, depth)
        byte[count] = label
        from[count] = at
        while (at < stop && keys.label(at, depth) === label) if (++at % keysAtOnce === 0) await turns.step()
        to[count++] = at
      }
      if (sorted < keysAtOnce) continue
      sorted = 0
      await turns.step()
    }
    first[count] = count
    return {
      byte: byte.subarray(0, count),
      first: first.subarray(0, count + 1),
      value: value.subarray(0, count),
    }
  }

  async #bytes(turns: Turns): Promise<Uint8Array> {
    const bytes = Buffer.alloc(this.#starts.at(-1)!)
    await turns.each(this.#keys, (key, index) => bytes.write(key, this.#starts[index]!, 'utf8'))
    return bytes
  }
}

/** Keys in an order, ranges of which can be sorted by one of their bytes. Equal ones stay in the order they were added. */
class SortedKeys {
  /** The indices of the keys. */
  readonly order: Int32Array
  readonly #bytes: Uint8Array
  readonly #starts: Int32Array
  readonly #sorted: Int32Array
  readonly #ends = new Int32Array(257)

  constructor(bytes: Uint8Array, starts: Int32Array) {
    this.#bytes = bytes
    this.#starts = starts
    this.order = new Int32Array(starts.length - 1)
    for (let index = 0; index < this.order.length; index++) this.order[index] = index
    this.#sorted = new Int32Array(this.order.length)
  }

  /** The byte at `depth` of the key at `at`, -1 if it ends there. */
  label(at: number, depth: number): number {
    return this.#labelOf(this.order[at]!, depth)
  }

  #labelOf(key: number, depth: number): number {
    const index = this.#starts[key]! + depth
    return index < this.#starts[key + 1]! ? this.#bytes[index]! : -1
  }

  /** Sorts a range by insertion: for few keys. */
  insert(from: number, to: number, depth: number): void {
    const { order } = this
    for (let next = from + 1; next < to; next++) {
      const key = order[next]!
      const label = this.#labelOf(key, depth)
      let at = next
      for (; at > from && this.label(at - 1, depth) > label; at--) order[at] = order[at - 1]!
      order[at] = key
    }
  }

  /** Sorts a range by counting. */
  async count(from: number, to: number, depth: number, turns: Turns): Promise<void> {
    const { order } = this
    const ends = this.#ends.fill(0)
    for (let at = from; at < to; at++) {
      ends[this.label(at, depth) + 1]!++
      if (at % keysAtOnce === 0) await turns.step()
    }
    for (let label = 1; label < ends.length; label++) ends[label]! += ends[label - 1]!
    for (let at = to - 1; at >= from; at--) {
      this.#sorted[--ends[this.label(at, depth) + 1]!] = order[at]!
      if (at % keysAtOnce === 0) await turns.step()
    }
    order.set(this.#sorted.subarray(0, to - from), from)
  }
}
