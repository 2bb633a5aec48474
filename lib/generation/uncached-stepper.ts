import * as ops from '../ops/index.js'
import type { Session } from '../runtime/session.js'
import { evaluate } from '../tensor/evaluate.js'
import { Tensor } from '../tensor/tensor.js'
import type { Decoder } from './decoder.js'
import { checkPositions, lastIndices, memoryTensors, paddedIds, promptSize } from './rows.js'
import type { Stepper } from './stepper.js'

/** Runs a decoder without a cache: each step computes all tokens again. Tests compare the cache against it. */
export class UncachedStepper implements Stepper {
  readonly vocabSize: number
  readonly #decoder: Decoder
  readonly #embeddings: ops.FloatTensor | undefined
  readonly #session: Session
  /** Embeddings of the prompts, [prompts, positions, width], and the length of each. */
  #prompt: ops.FloatTensor | undefined
  #promptLengths: Int32Array = new Int32Array(0)
  #rows: readonly { readonly prompt: number; readonly tokens: readonly number[] }[] = []

  constructor(decoder: Decoder, embeddings: ops.FloatTensor | undefined, session: Session) {
    this.vocabSize = decoder.vocabSize
    this.#decoder = decoder
    this.#embeddings = embeddings
    this.#session = session
  }

  async start(
    prompts: readonly Int32Array[],
    rowsPerPrompt: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { count, lengths } = promptSize(prompts, this.#embeddings)
    checkPositions(count, this.#decoder)
    using ids = this.#embeddings ? undefined : paddedIds(prompts, count)
    this.#prompt = this.#embeddings ?? this.#decoder.embed(ids!)
    await evaluate([...memoryTensors(this.#decoder), this.#prompt], { session: this.#session, signal })
    this.#promptLengths = lengths
    this.#rows = prompts.flatMap((_, prompt) =>
      Array.from({ length: rowsPerPrompt }, () => ({ prompt, tokens: [] })),
    )
    return await this.#all(signal)
  }

  async step(tokens: Int32Array, ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array> {
    // As with a cache: if rows differ in length, rows that have ended do not grow.
    const uniform = this.#promptLengths.every((length) => length === this.#promptLengths[0])
    this.#rows = this.#rows.map((row, index) =>
      ended[index] && !uniform ? row : { ...row, tokens: [...row.tokens, tokens[index]!] },
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

  /** Logits of each row's next token. */
  async #all(signal: AbortSignal | undefined): Promise<Float32Array> {
    const decoder = this.#decoder
    const lengths = Int32Array.from(
      this.#rows,
      ({ prompt, tokens }) => this.#promptLengths[prompt]! + tokens.length,
    )
    const count = Math.max(...lengths)
    checkPositions(count, decoder)
    using generated = this.#generated()
    using indices = this.#indices(count)
    using positions = Tensor.from(
      Int32Array.from({ length: count }, (_, index) => index),
      [1, count],
      'int32',
    )
    using last = lastIndices(lengths, count)
    const x: ops.FloatTensor = ops.gather(this.#embedded(generated), indices)
    const self = { causal: true }
    const hidden = decoder.step(x, { positions, keys: count, self, past: (_, present) => present })
    const flat: ops.FloatTensor = ops.reshape(hidden, [lengths.length * count, hidden.shape[2]!])
    using logits = decoder.logits(ops.gather(flat, last))
    await evaluate([logits], { session: this.#session, signal })
    return await logits.data()
  }

  /** Generated tokens of all rows concatenated, or undefined if there are none: int32 [1, N]. */
  #generated(): Tensor<'int32'> | undefined {
    const tokens = Int32Array.from(this.#rows.flatMap(({ tokens }) => tokens))
    return tokens.length > 0 ? paddedIds([tokens], tokens.length) : undefined
  }

  /** Embeddings of the prompts and of the generated tokens concatenated: [N, width]. */
  #embedded(generated: Tensor<'int32'> | undefined): ops.FloatTensor {
    const [prompts, positions, width] = this.#prompt!.shape as [number, number, number]
    const known: ops.FloatTensor = ops.reshape(this.#prompt!, [prompts * positions, width])
    if (!generated) return known
    return ops.concat([known, ops.reshape(this.#decoder.embed(generated), [-1, width])])
  }

  /** Index into {@link #embedded} for each position of each row: int32 [rows, count]. */
  #indices(count: number): Tensor<'int32'> {
    const [prompts, positions] = this.#prompt!.shape as [number, number]
    const indices = new Int32Array(this.#rows.length * count)
    let next = prompts * positions
    this.#rows.forEach(({ prompt, tokens }, index) => {
      const [row, length] = [index * count, this.#promptLengths[prompt]!]
      for (let i = 0; i < length; i++) indices[row + i] = prompt * positions + i
      for (let i = 0; i < tokens.length; i++) indices[row + length + i] = next++
    })
    return Tensor.from(indices, [this.#rows.length, count], 'int32')
  }
}
