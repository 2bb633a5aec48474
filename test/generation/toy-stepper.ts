import { throwIfAborted } from '../../lib/abort.js'
import { type GenerationResult, generate as generateSteps } from '../../lib/generation/generate.js'
import { listen, type TokenListeners } from '../../lib/generation/listen.js'
import type { GenerationOptions } from '../../lib/generation/options.js'
import { targetPrompt } from '../../lib/generation/prompt.js'
import type { Stepper } from '../../lib/generation/stepper.js'

/** Options, and what else belongs to a call. */
export interface ToyCall extends GenerationOptions, TokenListeners {
  /** How many targets to begin, where no prompts are given. */
  sources?: number
  prompts?: readonly (readonly number[])[]
  /** Token ids that the targets are made from. */
  sourceIds?: readonly Int32Array[]
  positions?: number
  returnLogits?: boolean
  signal?: AbortSignal
}

/** Generates with a toy. */
export async function generate(stepper: Stepper, call: ToyCall = {}): Promise<GenerationResult> {
  const {
    sources = 1,
    prompts,
    onToken,
    streamer,
    sourceIds,
    positions,
    returnLogits,
    signal,
    ...options
  } = call
  const prompt = prompts
    ? { ids: prompts.map((tokens) => Int32Array.from(tokens)) }
    : await targetPrompt(sources, options, stepper.vocabSize)
  const request = { stepper, prompt, options, sourceIds, positions, returnLogits, signal }
  return await listen(generateSteps(request), { onToken, streamer })
}

/**
 * A language model without a model: logits are a hash of the source, the last two tokens and the length, as
 * multiples of 1/1024 that single precision holds exactly. The reference outputs come from the same function in
 * Python under transformers' generate().
 */
export class ToyStepper implements Stepper {
  readonly vocabSize: number
  steps = 0
  readonly #seed: number
  readonly #sources: readonly number[]
  #rows: number[][] = []
  #perSource = 1

  constructor(vocabSize: number, seed: number, sources: readonly number[]) {
    this.vocabSize = vocabSize
    this.#seed = seed
    this.#sources = sources
  }

  async start(prompts: readonly Int32Array[], rowsPerPrompt: number, signal?: AbortSignal) {
    this.#rows = prompts.flatMap((prompt) => Array.from({ length: rowsPerPrompt }, () => [...prompt]))
    this.#perSource = rowsPerPrompt
    return await this.run(signal)
  }

  async step(tokens: Int32Array, _ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array> {
    this.#rows.forEach((row, i) => {
      row.push(tokens[i]!)
    })
    return await this.run(signal)
  }

  /** The logits behind all rows. */
  async run(signal: AbortSignal | undefined): Promise<Float32Array> {
    throwIfAborted(signal)
    this.steps++
    const logits = new Float32Array(this.#rows.length * this.vocabSize)
    this.#rows.forEach((row, i) => {
      logits.set(this.next(row, Math.floor(i / this.#perSource)), i * this.vocabSize)
    })
    return logits
  }

  /** The logits after a row of tokens. */
  next(row: readonly number[], source: number): Float32Array {
    const key = [this.#seed, this.#sources[source]!, row.at(-2) ?? -1, row.at(-1)!, row.length]
    return Float32Array.from(
      { length: this.vocabSize },
      (_, token) => ((hash([...key, token]) % 8192) - 4096) / 1024,
    )
  }

  reorder(rows: Int32Array): void {
    this.#rows = Array.from(rows, (row) => [...this.#rows[row]!])
  }
}

function hash(values: readonly number[]): number {
  let x = 0x9e3779b9
  for (const value of values) {
    x = (x ^ (value + 0x7f4a7c15)) >>> 0
    x = Math.imul(x, 0x85ebca6b) >>> 0
    x = (x ^ (x >>> 13)) >>> 0
    x = Math.imul(x, 0xc2b2ae35) >>> 0
    x = (x ^ (x >>> 16)) >>> 0
  }
  return x
}

/** A stepper whose next logits depend on the length alone: one list of logits a step. */
export class TableStepper implements Stepper {
  readonly vocabSize: number
  readonly #table: readonly (readonly number[])[]
  #rows = 0
  #length = 0

  constructor(table: readonly (readonly number[])[]) {
    this.#table = table
    this.vocabSize = table[0]!.length
  }

  async start(prompts: readonly Int32Array[], rowsPerPrompt: number): Promise<Float32Array> {
    this.#rows = prompts.length * rowsPerPrompt
    this.#length = 0
    return await this.step()
  }

  async step(): Promise<Float32Array> {
    const logits = this.#table[Math.min(this.#length++, this.#table.length - 1)]!
    return Float32Array.from(Array.from({ length: this.#rows }, () => logits).flat())
  }

  reorder(): void {}
}
