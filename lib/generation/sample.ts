import { Turns } from '../turns.js'
import { softmax } from './probability.js'
import { Random } from './random.js'
import {
  type Found,
  type GenerationStep,
  noToken,
  type Search,
  type SearchSource,
  searchSliceMs,
} from './search.js'
import { argMax } from './top-k.js'

/** Greedy search and sampling: each step adds one token to every row, until all rows have ended. */
export async function* sample(request: Search): AsyncGenerator<GenerationStep, Found> {
  const { stepper, sources, seed, signal, onLogits } = request
  const { numReturnSequences, padTokenId = 0 } = sources[0]!.options
  const rows = sources
    .flatMap((source) => Array.from({ length: numReturnSequences }, () => source))
    .map((source, row) => new Row(source, new Random(seed, row)))
  const ended = new Uint8Array(rows.length)
  const tokens = new Int32Array(rows.length)
  // The result of a row that has ended is not used. Its padding token may be outside the vocabulary.
  const endedToken = padTokenId < stepper.vocabSize ? padTokenId : 0
  // Processors overwrite scores, so each row's logits are copied; all rows share one buffer.
  const scores = new Float32Array(stepper.vocabSize)
  let logits = await stepper.start(
    sources.map(({ prompt }) => prompt),
    numReturnSequences,
    signal,
  )
  for (;;) {
    onLogits?.(logits)
    const chosen: number[][] = []
    const turns = new Turns(searchSliceMs, signal)
    for (const [index, row] of rows.entries()) {
      if (!row.ended) scores.set(logits.subarray(index * scores.length, (index + 1) * scores.length))
      chosen.push(row.ended ? [] : [row.advance(scores)])
      await turns.step()
    }
    yield { isPrompt: false, tokens: chosen }
    rows.forEach((row, index) => {
      tokens[index] = chosen[index]![0] ?? endedToken
      ended[index] = row.ended ? 1 : 0
    })
    if (!ended.includes(0)) break
    logits = await stepper.step(tokens, ended, signal)
  }
  return { rows: rows.map((row) => row.generated), fill: padTokenId }
}

/** A sequence that is being generated. */
class Row {
  ended = false
  readonly #source: SearchSource
  readonly #random: Random
  #tokens: Int32Array
  #length: number

  constructor(source: SearchSource, random: Random) {
    this.#source = source
    this.#random = random
    this.#tokens = source.prompt
    this.#length = source.prompt.length
  }

  /** Chooses the next token by its scores and appends it. Overwrites the scores. */
  advance(scores: Float32Array): number {
    const { processors, options } = this.#source
    for (const process of processors[0]!) process(scores, this.#tokens, this.#length)
    const token = options.doSample ? draw(scores, this.#random) : argMax(scores)
    if (token === undefined || scores[token] === Number.NEGATIVE_INFINITY) throw noToken(scores, this.#length)
    if (this.#length === this.#tokens.length) this.#tokens = extended(this.#tokens)
    this.#tokens[this.#length++] = token
    this.ended = options.eosTokenIds.includes(token) || this.#length === options.maxLength
    return token
  }

  /** The tokens after the prompt. */
  get generated(): number[] {
    return Array.from(this.#tokens.subarray(this.#source.prompt.length, this.#length))
  }
}

/** A copy with room for more. maxLength tokens would be too many: the maximum may be any number. */
function extended(tokens: Int32Array): Int32Array {
  const longer = new Int32Array(2 * tokens.length + 32)
  longer.set(tokens)
  return longer
}

/** Samples a token from the softmax of the scores; undefined if no token has a probability. */
function draw(scores: Float32Array, random: Random): number | undefined {
  const probabilities = softmax(scores)
  let rest = random.next()
  let last: number | undefined
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token]!
    if (!(probability > 0)) continue
    last = token
    rest -= probability
    if (rest < 0) break
  }
  // The probabilities can add up to slightly less than 1; then the last possible token is taken.
  return last
}
