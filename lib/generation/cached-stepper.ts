import * as ops from '../ops/index.js'
import type { Session } from '../runtime/session.js'
import { evaluate } from '../tensor/evaluate.js'
import { Replay } from '../tensor/replay.js'
import { Tensor } from '../tensor/tensor.js'
import { cacheStep, KeyValueCache } from './cache.js'
import type { Decoder } from './decoder.js'
import { checkPositions, lastIndices, memoryTensors, paddedIds, promptSize, repeatRows } from './rows.js'
import type { Stepper } from './stepper.js'

/**
 * Runs a decoder with a key-value cache: a step computes its new tokens only. The prompt is one step. Each row has its
 * own length in the cache, so no row attends to padding, and a row's result has the same bits as when it runs alone.
 */
export class CachedStepper implements Stepper {
  readonly vocabSize: number
  readonly #decoder: Decoder
  readonly #embeddings: ops.FloatTensor | undefined
  readonly #session: Session
  readonly #step: Replay
  #cache: KeyValueCache

  /**
   * @param embeddings embeddings of the prompts, in place of those of their tokens
   * @param session the session in which every step runs
   */
  constructor(decoder: Decoder, embeddings: ops.FloatTensor | undefined, session: Session) {
    this.vocabSize = decoder.vocabSize
    this.#decoder = decoder
    this.#embeddings = embeddings
    this.#session = session
    this.#step = new Replay((inputs) => this.#build(inputs), session)
    this.#cache = new KeyValueCache(decoder.cache, 0, session)
  }

  async start(
    prompts: readonly Int32Array[],
    rowsPerPrompt: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    await evaluate(memoryTensors(this.#decoder), { session: this.#session, signal })
    const rows = Int32Array.from({ length: prompts.length * rowsPerPrompt }, (_, row) =>
      Math.floor(row / rowsPerPrompt),
    )
    // With prompts of one token the first step has the shapes of all later ones, if it runs all rows: one program less.
    const isSingleToken = !this.#embeddings && prompts.every(({ length }) => length === 1)
    if (isSingleToken)
      return await this.#begin(
        Array.from(rows, (prompt) => prompts[prompt]!),
        signal,
      )
    const logits = await this.#begin(prompts, signal)
    await this.#cache.reorder(rows)
    return repeatRows(logits, rows, this.vocabSize)
  }

  async step(tokens: Int32Array, ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array> {
    this.#cache.forget(ended)
    using ids = Tensor.from(tokens, [tokens.length, 1], 'int32')
    return await this.#advance(ids, new Int32Array(tokens.length).fill(1), signal)
  }

  async reorder(rows: Int32Array): Promise<void> {
    await this.#cache.reorder(rows)
  }

  /** Keys and values of each layer, [rows, heads, positions, width]. */
  content() {
    return this.#cache.content()
  }

  dispose(): void {
    this.#cache.dispose()
    this.#embeddings?.dispose()
    for (const tensor of memoryTensors(this.#decoder)) tensor.dispose()
  }

  async #begin(prompts: readonly Int32Array[], signal: AbortSignal | undefined): Promise<Float32Array> {
    this.#cache.dispose()
    this.#cache = new KeyValueCache(this.#decoder.cache, prompts.length, this.#session)
    const { count, lengths } = promptSize(prompts, this.#embeddings)
    using ids = this.#embeddings ? undefined : paddedIds(prompts, count)
    return await this.#advance(this.#embeddings ?? ids!, lengths, signal)
  }

  /**
   * @param tokens ids int32 [rows, n] or embeddings [rows, n, width], padded at the end
   * @param counts number of tokens of each row without padding
   */
  async #advance(tokens: Tensor, counts: Int32Array, signal: AbortSignal | undefined): Promise<Float32Array> {
    const cache = this.#cache
    const count = tokens.shape[1]!
    checkPositions(cache.length + count, this.#decoder)
    await cache.reserve(count, signal)
    using at = cache.at()
    using last = count > 1 ? lastIndices(counts, count) : undefined
    const inputs = [tokens, at, ...cache.tensors(), ...(last ? [last] : [])]
    const [logits, ...kept] = await this.#step.run(inputs, signal)
    cache.advance(kept, counts)
    using computed = logits as ops.FloatTensor
    return await computed.data()
  }

  #build([tokens, at, ...rest]: readonly Tensor[]): Tensor[] {
    const decoder = this.#decoder
    const [rows, count] = tokens!.shape as [number, number]
    const kept = 2 * decoder.cache.layers
    const step = cacheStep(at as Tensor<'int32'>, rest.slice(0, kept), count)
    const isIds = tokens!.dtype === 'int32'
    const x = isIds ? decoder.embed(tokens as Tensor<'int32'>) : (tokens as ops.FloatTensor)
    const hidden = decoder.step(x, step)
    const flat: ops.FloatTensor = ops.reshape(hidden, [rows * count, hidden.shape[2]!])
    const ends: ops.FloatTensor = count === 1 ? flat : ops.gather(flat, rest[kept] as Tensor<'int32'>)
    return [decoder.logits(ends), ...step.tensors()]
  }
}
