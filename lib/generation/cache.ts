import type { KeyValue } from '../nn/attention.js'
import * as ops from '../ops/index.js'
import type { Session } from '../runtime/session.js'
import { constantFrom } from '../tensor/constant.js'
import { evaluate } from '../tensor/evaluate.js'
import { Tensor } from '../tensor/tensor.js'
import type { CacheShape, DecoderStep } from './decoder.js'

/** Initial capacity of a cache in positions. A full cache doubles its capacity. */
const initialCapacity = 32

/** A step of a decoder that reads and updates a cache. */
export interface CacheStep extends DecoderStep {
  /** The updated cache: evaluate it together with the step's result and pass it to {@link KeyValueCache.advance}. */
  tensors(): Tensor[]
}

/**
 * A step over `count` new positions.
 * @param at the number of positions before them: int32 [rows], or [1] for all rows
 * @param kept the tensors of {@link KeyValueCache.tensors}
 */
export function cacheStep(at: Tensor<'int32'>, kept: readonly Tensor[], count: number): CacheStep {
  const old = pairs(kept)
  const next: KeyValue[] = []
  const first: Tensor<'int32'> = ops.reshape(at, [at.size, 1])
  return {
    positions: count === 1 ? first : ops.add(first, range(count)),
    keys: kept[0]?.shape[2] ?? 0,
    self: { keyLength: ops.add(at, count), causal: count > 1 },
    past: (layer, { key, value }) => {
      const { key: keys, value: values } = old[layer]!
      next[layer] = { key: ops.update(keys, key, at), value: ops.update(values, value, at) }
      return next[layer]
    },
    tensors: () => tensorsOf(next),
  }
}

/**
 * Key-value cache: keys and values of all earlier positions, for each layer. Steps write them in place, and the capacity
 * is larger than the length. So all steps have the same shapes and run the same program until the capacity doubles.
 */
export class KeyValueCache {
  readonly #shape: CacheShape
  readonly #session: Session
  #layers: KeyValue[] = []
  #capacity = 0
  #lengths: Int32Array
  /** Whether all rows have the same length. */
  #uniform = true

  /** @param rows number of sequences in the batch */
  constructor(shape: CacheShape, rows: number, session: Session) {
    this.#shape = shape
    this.#session = session
    this.#lengths = new Int32Array(rows)
  }

  /** Length of the longest row, in positions. */
  get length(): number {
    return Math.max(...this.#lengths)
  }

  /** Keys and values of all layers, [rows, heads, capacity, width]. A step consumes them, as it writes in place. */
  tensors(): Tensor[] {
    return tensorsOf(this.#layers)
  }

  /** The next position of each row: int32 [rows], or [1] if it is the same for all rows. */
  at(): Tensor<'int32'> {
    const lengths = this.#uniform ? this.#lengths.subarray(0, 1) : this.#lengths
    return Tensor.from(lengths, [lengths.length], 'int32')
  }

  /** Takes ownership of the updated tensors of a step, in which row i has counts[i] more positions. */
  advance(kept: readonly Tensor[], counts: Int32Array): void {
    this.#replace(pairs(kept))
    this.#lengths = this.#lengths.map((length, row) => length + counts[row]!)
    this.#uniform &&= counts.every((count) => count === counts[0])
  }

  /**
   * Releases the rows marked by 1: their content is not needed any more, but steps still run them. If rows differ in
   * length, a released row restarts at position 0, so that it cannot outgrow the cache. If all rows have the same length,
   * it keeps that length, so that the steps keep one position for all rows and the same program.
   */
  forget(rows: Uint8Array): void {
    if (!this.#uniform) this.#lengths = this.#lengths.map((length, row) => (rows[row] ? 0 : length))
  }

  /** Row i becomes a copy of the current row order[i]. The number of rows may change. */
  async reorder(order: Int32Array): Promise<void> {
    if (order.length === this.#lengths.length && order.every((row, index) => row === index)) return
    using rows = Tensor.from(order, [order.length], 'int32')
    await this.#change((x) => ops.gather(x, rows))
    this.#lengths = order.map((row) => this.#lengths[row]!)
  }

  /** Keys and values without the unused positions: float32 [rows, heads, length, width] for each layer. */
  content(): KeyValue[] {
    return this.#map((x) => ops.slice(x, { axis: 2, start: 0, end: this.length }))
  }

  dispose(): void {
    this.#replace([])
    this.#capacity = 0
  }

  /** Grows the capacity to at least `count` more positions. */
  async reserve(count: number, signal?: AbortSignal): Promise<void> {
    const positions = this.length + count
    if (positions <= this.#capacity) return
    let capacity = Math.max(this.#capacity, initialCapacity)
    while (capacity < positions) capacity *= 2
    const more = capacity - this.#capacity
    if (this.#capacity === 0) await this.#fill(capacity, signal)
    else await this.#change((x) => ops.pad(x, [none, none, [0, more], none]), signal)
    this.#capacity = capacity
  }

  async #fill(capacity: number, signal: AbortSignal | undefined): Promise<void> {
    const { layers, heads, width } = this.#shape
    const empty = () => Tensor.zeros([this.#lengths.length, heads, capacity, width])
    const filled = Array.from({ length: layers }, () => ({ key: empty(), value: empty() }))
    await evaluate(tensorsOf(filled), { session: this.#session, signal })
    this.#replace(filled)
  }

  async #change(change: (x: ops.FloatTensor) => ops.FloatTensor, signal?: AbortSignal): Promise<void> {
    const changed = this.#map(change)
    await evaluate(tensorsOf(changed), { session: this.#session, signal })
    this.#replace(changed)
  }

  #map(change: (x: ops.FloatTensor) => ops.FloatTensor): KeyValue[] {
    return this.#layers.map(({ key, value }) => ({ key: change(key), value: change(value) }))
  }

  /** Frees the memory of the old layers now instead of at garbage collection: it is large, and it is not needed again. */
  #replace(layers: readonly KeyValue[]): void {
    for (const { key, value } of this.#layers) {
      key.dispose()
      value.dispose()
    }
    this.#layers = [...layers]
  }
}

const none = [0, 0] as const

/** [key of layer 0, value of layer 0, key of layer 1, ...]. {@link pairs} is the inverse. */
function tensorsOf(layers: readonly KeyValue[]): Tensor[] {
  return layers.flatMap(({ key, value }) => [key, value])
}

function pairs(tensors: readonly Tensor[]): KeyValue[] {
  const floats = tensors as readonly ops.FloatTensor[]
  return floats.flatMap((key, index) => (index % 2 === 0 ? [{ key, value: floats[index + 1]! }] : []))
}

/** 0, 1, 2, ...: int32 [count]. */
function range(count: number): Tensor<'int32'> {
  return constantFrom(
    Int32Array.from({ length: count }, (_, index) => index),
    [count],
    'int32',
  )
}
