import { SaccadeError } from '../../errors.js'
import type { Stepper } from '../../generation/stepper.js'
import type { KeyValue } from '../../nn/attention.js'
import { type Compute, cacheStep, KeyValueCache } from '../../nn/cache.js'
import * as ops from '../../ops/index.js'
import type { Session } from '../../runtime/session.js'
import { Replay } from '../../tensor/replay.js'
import { Tensor } from '../../tensor/tensor.js'
import type { MarianConfig } from './config.js'
import { decode } from './forward.js'
import type { MarianModules } from './modules.js'

/** What targets are decoded from: made once, and computed. */
export interface Memory {
  /** Keys and values of the sources for each decoder layer, [B, heads, S, D]. */
  readonly layers: readonly KeyValue[]
  /** float32 [B, 1, 1, S], added to the scores. */
  readonly mask: ops.FloatTensor | undefined
}

/** What a decoder works with. */
export interface DecoderParts {
  readonly modules: MarianModules
  readonly config: MarianConfig
  readonly memory: Memory
  readonly compute: Compute
  /** How steps are run, as compute has it. */
  readonly session: Session
}

/** Decodes targets step by step, keeping what was computed for the places before: a step costs what its places cost. */
export class CachedDecoder implements Stepper {
  readonly vocabSize: number
  readonly #parts: DecoderParts
  readonly #step: Replay
  #rows = 0
  #cache: KeyValueCache | undefined

  constructor(parts: DecoderParts) {
    this.vocabSize = parts.config.decoder.vocabulary
    this.#parts = parts
    this.#step = new Replay((inputs) => this.#build(inputs), parts.session)
  }

  start(sources: number, perSource: number): void {
    const { config } = this.#parts
    const { layers, heads } = config.decoder
    this.#cache?.dispose()
    this.#rows = sources * perSource
    this.#cache = new KeyValueCache({ layers, rows: this.#rows, heads, width: config.width / heads })
  }

  async step(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    const { config, compute } = this.#parts
    const cache = this.#cache!
    const count = tokens.length / this.#rows
    checkLength(cache.length + count, config)
    await cache.reserve(count, (tensors) => compute(tensors, signal))
    using ids = Tensor.from(tokens, [this.#rows, count], 'int32')
    using at = Tensor.from(Int32Array.of(cache.length), [1], 'int32')
    const [logits, ...kept] = await this.#step.run([ids, at, ...cache.tensors()], signal)
    cache.advance(kept, count)
    using computed = logits as ops.FloatTensor
    return await computed.data()
  }

  #build([ids, at, ...kept]: readonly Tensor[]): Tensor[] {
    const { modules, memory } = this.#parts
    const step = cacheStep(at as Tensor<'int32'>, kept, ids!.shape[1]!)
    const { last } = decode(modules, {
      ids: ids as Tensor<'int32'>,
      places: step.places,
      memory: memory.layers,
      self: step.call,
      cross: { mask: memory.mask },
      past: step.past,
    })
    return [lastLogits(modules, last), ...step.tensors()]
  }

  async reorder(rows: Int32Array): Promise<void> {
    await this.#cache!.reorder(rows, this.#parts.compute)
  }

  /** The keys and values kept for each layer, [rows, heads, places, D]. */
  content(): KeyValue[] {
    return this.#cache!.content()
  }

  dispose(): void {
    this.#cache?.dispose()
  }
}

/** The same without a cache: each step decodes all places again. It is what the other is checked against. */
export class PlainDecoder implements Stepper {
  readonly vocabSize: number
  readonly #parts: DecoderParts
  #tokens: (readonly number[])[] = []

  constructor(parts: DecoderParts) {
    this.vocabSize = parts.config.decoder.vocabulary
    this.#parts = parts
  }

  start(sources: number, perSource: number): void {
    this.#tokens = Array.from({ length: sources * perSource }, () => [])
  }

  async step(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    const { modules, config, memory, compute } = this.#parts
    const rows = this.#tokens.length
    const count = tokens.length / rows
    this.#tokens = this.#tokens.map((row, index) => [
      ...row,
      ...tokens.subarray(index * count, (index + 1) * count),
    ])
    const length = this.#tokens[0]!.length
    checkLength(length, config)
    using ids = Tensor.from(Int32Array.from(this.#tokens.flat()), [rows, length], 'int32')
    const self = { causal: true }
    const { last } = decode(modules, { ids, memory: memory.layers, self, cross: { mask: memory.mask } })
    using logits = lastLogits(modules, last)
    await compute([logits], signal)
    return await logits.data()
  }

  reorder(rows: Int32Array): void {
    this.#tokens = Array.from(rows, (row) => this.#tokens[row]!)
  }

  dispose(): void {
    this.#tokens = []
  }
}

/** Logits of the last place, [rows, vocabulary]. */
function lastLogits({ head }: MarianModules, x: ops.FloatTensor): ops.FloatTensor {
  return head!.forward(ops.select(x, 1, -1) as ops.FloatTensor)
}

function checkLength(length: number, { positions }: MarianConfig): void {
  if (length > positions)
    throw new SaccadeError(
      'TEXT_TOO_LONG',
      `the text being generated has ${length} tokens, but the model has ${positions} positions: lower maxLength`,
    )
}
