import type { KeyValue } from '../nn/attention.js'
import * as ops from '../ops/index.js'
import type { Session } from '../runtime/session.js'
import { constantFrom } from '../tensor/constant.js'
import { evaluate } from '../tensor/evaluate.js'
import { Tensor } from '../tensor/tensor.js'
import type { CacheShape, DecoderStep } from './decoder.js'

/** Positions a cache has at first; they double when they are used up. */
const firstCapacity = 32

/** A step of a decoder over a cache, and what is kept after it. */
export interface CacheStep extends DecoderStep {
  /** To be computed with the step's result, and handed to {@link KeyValueCache.advance}. */
  tensors(): Tensor[]
}

/**
 * A step over `count` new positions.
 * @param at how many positions there are before: int32 [rows], or [1] for all rows
 * @param kept what {@link KeyValueCache.tensors} gives
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
 * Keys and values of the positions so far, for each layer. They are written in place, into memory for more positions
 * than are used: the program of a step is the same for all steps, until the memory doubles.
 */
export class KeyValueCache {
  readonly #shape: CacheShape
  readonly #session: Session
  #layers: KeyValue[] = []
  #capacity = 0
  #lengths: Int32Array
  #even = true

  /** @param rows sequences side by side */
  constructor(shape: CacheShape, rows: number, session: Session) {
    this.#shape = shape
    this.#session = session
    this.#lengths = new Int32Array(rows)
  }

  /** Positions kept of the longest row. */
  get length(): number {
    return Math.max(...this.#lengths)
  }

  /** Keys and values of all layers, with room for more positions; a step over them uses them up. */
  tensors(): Tensor[] {
    return tensorsOf(this.#layers)
  }

  /** Where the rows' next positions go: int32 [rows], or [1] where it is the same for all. */
  at(): Tensor<'int32'> {
    const lengths = this.#even ? this.#lengths.subarray(0, 1) : this.#lengths
    return Tensor.from(lengths, [lengths.length], 'int32')
  }

  /** Takes over what a step over {@link tensors} has kept: of row i, counts[i] more positions. */
  advance(kept: readonly Tensor[], counts: Int32Array): void {
    this.#replace(pairs(kept))
    this.#lengths = this.#lengths.map((length, row) => length + counts[row]!)
    this.#even &&= counts.every((count) => count === counts[0])
  }

  /**
   * Marks rows whose content is needed no more by 1. Where rows differ in length, such a row begins again at position
   * 0, so that it can run past no end; else it goes along, as one program serves all steps.
   */
  forget(rows: Uint8Array): void {
    if (!this.#even) this.#lengths = this.#lengths.map((length, row) => (rows[row] ? 0 : length))
  }

  /** Row i goes on from what row `order[i]` was; there may be more or fewer rows than before. */
  async reorder(order: Int32Array): Promise<void> {
    if (order.length === this.#lengths.length && order.every((row, index) => row === index)) return
    using rows = Tensor.from(order, [order.length], 'int32')
    await this.#change((x) => ops.gather(x, rows))
    this.#lengths = order.map((row) => this.#lengths[row]!)
  }

  /** The keys and values kept, without the unused positions: float32 [rows, heads, length, width] for each layer. */
  content(): KeyValue[] {
    return this.#map((x) => ops.slice(x, { axis: 2, start: 0, end: this.length }))
  }

  dispose(): void {
    this.#replace([])
    this.#capacity = 0
  }

  /** Makes room for `count` more positions. */
  async reserve(count: number, signal?: AbortSignal): Promise<void> {
    const positions = this.length + count
    if (positions <= this.#capacity) return
    let capacity = Math.max(this.#capacity, firstCapacity)
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

/** 0, 1, 2, ...: int32 [count]. */
function range(count: number): Tensor<'int32'> {
  return constantFrom(
    Int32Array.from({ length: count }, (_, index) => index),
    [count],
    'int32',
  )
}
