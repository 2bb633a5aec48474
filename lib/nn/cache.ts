import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'
import type { AttentionCall, KeyValue } from './attention.js'
import { positionIds } from './position.js'

/** Places a cache has at first; they double when they are used up. */
const firstCapacity = 32

/** Computes tensors together, in one program. */
export type Compute = (tensors: readonly Tensor[], signal?: AbortSignal) => Promise<void>

/** Sizes of a cache. */
export interface CacheShape {
  readonly layers: number
  /** Sequences decoded side by side. */
  readonly rows: number
  readonly heads: number
  /** Of one head. */
  readonly width: number
}

/** One step of decoding, as the layers see it. */
export interface CacheStep {
  /** Where the new tokens stand: int32 [count]. */
  readonly places: Tensor<'int32'>
  readonly call: AttentionCall
  /** Keeps a layer's keys and values, and gives those of all places so far. */
  readonly past: (layer: number, present: KeyValue) => KeyValue
  /** What is kept now: to be computed with the step's result, and handed to {@link KeyValueCache.advance}. */
  tensors(): Tensor[]
}

/**
 * A step over `count` new places.
 * @param at int32 [1]: how many places there are before
 * @param kept what {@link KeyValueCache.tensors} gives
 */
export function cacheStep(at: Tensor<'int32'>, kept: readonly Tensor[], count: number): CacheStep {
  const old = pairs(kept)
  const next: KeyValue[] = []
  return {
    places: count === 1 ? at : ops.add(at, positionIds(count)),
    call: { keyLength: ops.add(at, count), causal: count > 1 },
    past: (layer, { key, value }) => {
      const { key: keys, value: values } = old[layer]!
      next[layer] = { key: ops.update(keys, key, at), value: ops.update(values, value, at) }
      return next[layer]
    },
    tensors: () => tensorsOf(next),
  }
}

/**
 * Keys and values of the places decoded so far, for each layer. They are written in place, into memory for more places
 * than are used: the program of a step is the same for all steps, until the memory doubles.
 */
export class KeyValueCache {
  readonly #shape: CacheShape
  #layers: KeyValue[] = []
  #capacity = 0
  #length = 0

  constructor(shape: CacheShape) {
    this.#shape = shape
  }

  /** Places kept. */
  get length(): number {
    return this.#length
  }

  /** Keys and values of all layers, with room for more places; a step over them uses them up. */
  tensors(): Tensor[] {
    return tensorsOf(this.#layers)
  }

  /** Takes over what a step over {@link tensors} has kept of `count` more places. */
  advance(kept: readonly Tensor[], count: number): void {
    this.#replace(pairs(kept))
    this.#length += count
  }

  /** Row i goes on from what row `order[i]` was. */
  async reorder(order: Int32Array, compute: Compute): Promise<void> {
    if (this.#capacity === 0 || order.every((row, index) => row === index)) return
    const rows = Tensor.from(order, [order.length], 'int32')
    const next = this.#map((x) => ops.gather(x, rows))
    await compute(tensorsOf(next))
    rows.dispose()
    this.#replace(next)
  }

  /** The keys and values kept, without the unused places: float32 [rows, heads, length, width] for each layer. */
  content(): KeyValue[] {
    return this.#map((x) => ops.slice(x, { axis: 2, start: 0, end: this.#length }))
  }

  dispose(): void {
    this.#replace([])
    this.#capacity = 0
  }

  /** Makes room for `count` more places. */
  async reserve(count: number, compute: Compute): Promise<void> {
    const places = this.#length + count
    if (places <= this.#capacity) return
    let capacity = Math.max(this.#capacity, firstCapacity)
    while (capacity < places) capacity *= 2
    const { layers, rows, heads, width } = this.#shape
    const more = capacity - this.#capacity
    const empty = () => Tensor.zeros([rows, heads, capacity, width])
    const grown =
      this.#capacity === 0
        ? Array.from({ length: layers }, () => ({ key: empty(), value: empty() }))
        : this.#map((x) => ops.pad(x, [none, none, [0, more], none]))
    await compute(tensorsOf(grown))
    this.#replace(grown)
    this.#capacity = capacity
  }

  #map(change: (x: ops.FloatTensor) => ops.FloatTensor): KeyValue[] {
    return this.#layers.map(({ key, value }) => ({ key: change(key), value: change(value) }))
  }

  /** The memory of what is replaced is let go now, not when it is collected: it is large, and soon there is more. */
  #replace(layers: readonly KeyValue[]): void {
    for (const { key, value } of this.#layers) {
      key.dispose()
      value.dispose()
    }
    this.#layers = [...layers]
  }
}

const none = [0, 0] as const

/** Keys and values of the first layer, of the second, ... */
function tensorsOf(layers: readonly KeyValue[]): Tensor[] {
  return layers.flatMap(({ key, value }) => [key, value])
}

function pairs(tensors: readonly Tensor[]): KeyValue[] {
  const floats = tensors as readonly ops.FloatTensor[]
  return floats.flatMap((key, index) => (index % 2 === 0 ? [{ key, value: floats[index + 1]! }] : []))
}
