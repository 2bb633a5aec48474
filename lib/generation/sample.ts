import { softmax } from './probability.js'
import { Random } from './random.js'
import type { Found, GenerationStep, Search, SearchSource } from './search.js'
import { argMax } from './top-k.js'

/** Greedy search and sampling: every row takes one token a step, until all have ended. */
export async function* sample(request: Search): AsyncGenerator<GenerationStep, Found> {
  const { stepper, sources, seed, signal, onLogits } = request
  const { numReturnSequences, padTokenId = 0 } = sources[0]!.options
  const rows = sources.flatMap((source) => Array.from({ length: numReturnSequences }, () => source))
  const lines = rows.map((source, row) => new Line(source, new Random(seed, row)))
  const ended = new Uint8Array(lines.length)
  const tokens = new Int32Array(lines.length)
  // Processors write over the scores of a row; the same memory serves all rows, as a vocabulary is long.
  const scores = new Float32Array(stepper.vocabSize)
  let logits = await stepper.start(
    sources.map(({ prompt }) => prompt),
    numReturnSequences,
    signal,
  )
  for (;;) {
    onLogits?.(logits)
    const chosen = lines.map((line, row) => {
      if (line.ended) return []
      scores.set(logits.subarray(row * scores.length, (row + 1) * scores.length))
      return [line.advance(scores)]
    })
    yield { isPrompt: false, tokens: chosen }
    lines.forEach((line, row) => {
      tokens[row] = chosen[row]![0] ?? padTokenId
      ended[row] = line.ended ? 1 : 0
    })
    if (!ended.includes(0)) break
    logits = await stepper.step(tokens, ended, signal)
  }
  return { rows: lines.map((line) => line.found), fill: padTokenId }
}

/** A row, as it grows. */
class Line {
  ended = false
  readonly #source: SearchSource
  readonly #random: Random
  readonly #tokens: Int32Array
  #length: number

  constructor(source: SearchSource, random: Random) {
    this.#source = source
    this.#random = random
    this.#tokens = new Int32Array(source.options.maxLength)
    this.#tokens.set(source.prompt)
    this.#length = source.prompt.length
  }

  /** Takes the next token by its scores, which are written over. */
  advance(scores: Float32Array): number {
    const { processors, options } = this.#source
    for (const process of processors) process(scores, this.#tokens, this.#length)
    const token = options.doSample ? draw(scores, this.#random) : argMax(scores)
    this.#tokens[this.#length++] = token
    this.ended = options.eosTokenIds.includes(token) || this.#length === options.maxLength
    return token
  }

  /** The tokens after the prompt. */
  get found(): number[] {
    return Array.from(this.#tokens.subarray(this.#source.prompt.length, this.#length))
  }
}

/** Draws a token with the probabilities of its scores. */
function draw(scores: Float32Array, random: Random): number {
  const probabilities = softmax(scores)
  let rest = random.next()
  let last = 0
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token]!
    if (!(probability > 0)) continue
    last = token
    rest -= probability
    if (rest < 0) break
  }
  // Rounding can leave a little over; then the last possible token is meant.
  return last
}
