import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import { Tensor } from '../tensor/tensor.js'
import type { AttentionCall, KeyValue } from './attention.js'

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

/** One step of decoding: what the layers need to see the places before. */
export interface CacheStep {
  /** Where the new tokens stand: int32 [count]. */
  readonly places: Tensor<'int32'>
  readonly call: AttentionCall
  /** Keeps a layer's keys and values, and gives those of all places so far. */
  readonly past: (layer: number, present: KeyValue) => KeyValue
  /** To be computed with the step's result. */
  tensors(): Tensor[]
  /** To be called when that is done. */
  finish(): void
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

  /** Makes ready for `count` more places. */
  async step(count: number, compute: Compute): Promise<CacheStep> {
    await this.#reserve(this.#length + count, compute)
    const at = Tensor.from(Int32Array.of(this.#length), [1], 'int32')
    const next: KeyValue[] = []
    return {
      places: count === 1 ? at : ops.add(at, firstPlaces(count)),
      call: { keyLength: ops.add(at, count), causal: count > 1 },
      past: (layer, { key, value }) => {
        const old = this.#layers[layer]!
        next[layer] = { key: ops.update(old.key, key, at), value: ops.update(old.value, value, at) }
        return next[layer]
      },
      tensors: () => next.flatMap(({ key, value }) => [key, value]),
      finish: () => {
        at.dispose()
        this.#replace(next)
        this.#length += count
      },
    }
  }

  /** Row i goes on from what row `order[i]` was. */
  async reorder(order: Int32Array, compute: Compute): Promise<void> {
    if (this.#capacity === 0 || order.every((row, index) => row === index)) return
    const rows = Tensor.from(order, [order.length], 'int32')
    const next = this.#map((x) => ops.gather(x, rows))
    await compute(next.flatMap(({ key, value }) => [key, value]))
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

  async #reserve(places: number, compute: Compute): Promise<void> {
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
    await compute(grown.flatMap(({ key, value }) => [key, value]))
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

/** 0, 1, 2, ...: int32 [count]. */
function firstPlaces(count: number): Tensor<'int32'> {
  return constantFrom(
    Int32Array.from({ length: count }, (_, index) => index),
    [count],
    'int32',
  )
}
