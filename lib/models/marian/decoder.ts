import type { KeyValue } from '../../nn/attention.js'
import { type Compute, KeyValueCache } from '../../nn/cache.js'
import * as ops from '../../ops/index.js'
import { Tensor } from '../../tensor/tensor.js'
import type { MarianConfig } from './config.js'
import { decode } from './forward.js'
import type { MarianModules } from './modules.js'

/** What targets are decoded from: made once a source. */
export interface Memory {
  /** Keys and values of the source for each decoder layer, [B, heads, S, D]. */
  readonly layers: readonly KeyValue[]
  /** float32 [B, 1, 1, S], added to the scores. */
  readonly mask: ops.FloatTensor | undefined
}

/** What a decoder works with. */
export interface DecoderParts {
  readonly modules: MarianModules
  readonly config: MarianConfig
  readonly memory: Memory
  /** Sequences decoded side by side: the batch, or a multiple of it, those of one source in succession. */
  readonly rows: number
  readonly compute: Compute
}

/** Decodes targets place by place, keeping what was computed for the places before. */
export class CachedDecoder {
  readonly cache: KeyValueCache
  readonly #parts: DecoderParts

  constructor(parts: DecoderParts) {
    const { layers, heads } = parts.config.decoder
    const width = parts.config.width / heads
    this.cache = new KeyValueCache({ layers, rows: parts.rows, heads, width }, parts.compute)
    this.#parts = parts
  }

  /**
   * Goes on by some places.
   * @param tokens rows * places ids, a row after the other
   * @returns logits of what follows the last of them, rows * vocabulary
   */
  async next(tokens: Int32Array): Promise<Float32Array> {
    const { modules, memory, rows, compute } = this.#parts
    const count = tokens.length / rows
    const step = await this.cache.step(count)
    using ids = Tensor.from(tokens, [rows, count], 'int32')
    const { last } = decode(modules, {
      ids,
      places: step.places,
      memory: memory.layers,
      self: step.call,
      cross: { mask: memory.mask },
      past: step.past,
    })
    using logits = lastLogits(modules, last)
    await compute([logits, ...step.tensors()])
    step.finish()
    return logits.data()
  }

  /** Row i goes on from what row `order[i]` was; both of the same source. */
  reorder(order: Int32Array): Promise<void> {
    return this.cache.reorder(order)
  }

  dispose(): void {
    this.cache.dispose()
  }
}

/** The same without a cache: every step decodes all places again. It is there to check the other against. */
export class PlainDecoder {
  readonly #parts: DecoderParts
  #tokens: number[][]

  constructor(parts: DecoderParts) {
    this.#parts = parts
    this.#tokens = Array.from({ length: parts.rows }, () => [])
  }

  /** As {@link CachedDecoder.next}. */
  async next(tokens: Int32Array): Promise<Float32Array> {
    const { modules, memory, rows, compute } = this.#parts
    const count = tokens.length / rows
    this.#tokens.forEach((row, index) => {
      row.push(...tokens.subarray(index * count, (index + 1) * count))
    })
    const length = this.#tokens[0]!.length
    using ids = Tensor.from(Int32Array.from(this.#tokens.flat()), [rows, length], 'int32')
    const self = { causal: true }
    const { last } = decode(modules, { ids, memory: memory.layers, self, cross: { mask: memory.mask } })
    using logits = lastLogits(modules, last)
    await compute([logits])
    return logits.data()
  }

  /** As {@link CachedDecoder.reorder}. */
  async reorder(order: Int32Array): Promise<void> {
    this.#tokens = Array.from(order, (row) => [...this.#tokens[row]!])
  }

  dispose(): void {
    this.#tokens = []
  }
}

/** Logits of the last place, [rows, vocabulary]. */
function lastLogits({ head }: MarianModules, x: ops.FloatTensor): ops.FloatTensor {
  return head!.forward(ops.select(x, 1, -1) as ops.FloatTensor)
}
