import * as ops from '../ops/index.js'
import type { RunOptions } from '../runtime/run-options.js'
import { evaluate } from '../tensor/evaluate.js'
import { Tensor } from '../tensor/tensor.js'
import { range } from './cache.js'
import type { Decoder } from './decoder.js'
import { checkPositions, lastIndices, memoryTensors, paddedIds, promptSize } from './rows.js'
import type { Stepper } from './stepper.js'

/** Steps of a decoder that keep nothing: each runs all tokens again. It is what the cache is checked against. */
export class UncachedStepper implements Stepper {
  readonly vocabSize: number
  readonly #decoder: Decoder
  readonly #embeddings: ops.FloatTensor | undefined
  readonly #run: RunOptions
  /** Embeddings of the prompts, [prompts, positions, width], and how many positions each has. */
  #prompt: ops.FloatTensor | undefined
  #promptLengths: Int32Array = new Int32Array(0)
  #rows: readonly { readonly prompt: number; readonly tokens: readonly number[] }[] = []

  constructor(decoder: Decoder, embeddings: ops.FloatTensor | undefined, run: RunOptions) {
    this.vocabSize = decoder.vocabSize
    this.#decoder = decoder
    this.#embeddings = embeddings
    this.#run = run
  }

  async start(
    prompts: readonly Int32Array[],
    rowsPerPrompt: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { count, lengths } = promptSize(prompts, this.#embeddings)
    checkPositions(count, this.#decoder)
    this.#prompt = this.#embeddings ?? this.#decoder.embed(paddedIds(prompts, count))
    await evaluate([...memoryTensors(this.#decoder), this.#prompt], { ...this.#run, signal })
    this.#promptLengths = lengths
    this.#rows = prompts.flatMap((_, prompt) =>
      Array.from({ length: rowsPerPrompt }, () => ({ prompt, tokens: [] })),
    )
    return await this.#all(signal)
  }

  async step(tokens: Int32Array, ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array> {
    // As with a cache: where rows differ in length, those that have ended stay as they are.
    const even = this.#promptLengths.every((length) => length === this.#promptLengths[0])
    this.#rows = this.#rows.map((row, index) =>
      ended[index] && !even ? row : { ...row, tokens: [...row.tokens, tokens[index]!] },
    )
    return await this.#all(signal)
  }

  reorder(rows: Int32Array): void {
    this.#rows = Array.from(rows, (row) => this.#rows[row]!)
  }

  dispose(): void {
    this.#prompt?.dispose()
    for (const tensor of memoryTensors(this.#decoder)) tensor.dispose()
  }

  /** Logits behind all tokens of each row. */
  async #all(signal: AbortSignal | undefined): Promise<Float32Array> {
    const decoder = this.#decoder
    const lengths = Int32Array.from(
      this.#rows,
      ({ prompt, tokens }) => this.#promptLengths[prompt]! + tokens.length,
    )
    const count = Math.max(...lengths)
    checkPositions(count, decoder)
    const positions: Tensor<'int32'> = ops.reshape(range(count), [1, count])
    const hidden = decoder.step(this.#embedded(count), {
      positions,
      keys: count,
      self: { causal: true },
      past: (_, present) => present,
    })
    const flat: ops.FloatTensor = ops.reshape(hidden, [lengths.length * count, hidden.shape[2]!])
    using logits = decoder.logits(ops.gather(flat, lastIndices(lengths, count)))
    await evaluate([logits], { ...this.#run, signal })
    return await logits.data()
  }

  /** Embeddings of all rows, [rows, count, width]: those of the prompt, then those of the generated tokens. */
  #embedded(count: number): ops.FloatTensor {
    const prompt = this.#prompt!
    const [prompts, positions, width] = prompt.shape as [number, number, number]
    const known: ops.FloatTensor = ops.reshape(prompt, [prompts * positions, width])
    const tokens = Int32Array.from(this.#rows.flatMap(({ tokens }) => tokens))
    const all: ops.FloatTensor =
      tokens.length === 0
        ? known
        : ops.concat([
            known,
            ops.reshape(this.#decoder.embed(paddedIds([tokens], tokens.length)), [-1, width]),
          ])
    const indices = new Int32Array(this.#rows.length * count)
    let next = prompts * positions
    this.#rows.forEach((row, index) => {
      const length = this.#promptLengths[row.prompt]!
      for (let i = 0; i < length; i++) indices[index * count + i] = row.prompt * positions + i
      for (let i = 0; i < row.tokens.length; i++) indices[index * count + length + i] = next++
    })
    return ops.gather(all, Tensor.from(indices, [this.#rows.length, count], 'int32'))
  }
}
