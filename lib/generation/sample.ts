import type { ResolvedOptions } from './options.js'
import { createProcessors, type Processor, softmax } from './processors.js'
import { Random } from './random.js'
import type { Stepper } from './stepper.js'
import { argMax } from './top-k.js'

/** A token that a row has just got. */
export interface TokenEvent {
  /** Row of the result: source * numReturnSequences + number of the sequence. */
  readonly row: number
  readonly token: number
}

/** What a search has found. */
export interface SearchResult {
  sequences: number[][]
  scores?: number[]
}

/**
 * Greedy search and sampling: every row takes one token a step, until all have ended. Yields each token as it is
 * chosen; rows that have ended go on with padding, which is not yielded.
 */
export async function* sample(
  stepper: Stepper,
  prompts: readonly Int32Array[],
  options: ResolvedOptions,
  step: (tokens: Int32Array) => Promise<Float32Array>,
): AsyncGenerator<TokenEvent, SearchResult> {
  const { promptLength, maxLength, eosTokenIds, padTokenId = 0 } = options
  const perSource = options.numReturnSequences
  const rows = prompts.length * perSource
  const tokens = Array.from({ length: rows }, (_, row) => {
    const line = new Int32Array(maxLength)
    line.set(prompts[Math.floor(row / perSource)]!)
    return line
  })
  const randoms = tokens.map((_, row) => new Random(options.seed, row))
  const processors = createProcessors(options)
  const done = new Uint8Array(rows)
  let length = promptLength
  await stepper.start(prompts.length, perSource)
  // Processors write over the scores of a row; the same memory serves all rows, as a vocabulary is long.
  const scores = new Float32Array(stepper.vocabSize)
  let input = concat(tokens.map((line) => line.subarray(0, promptLength)))
  while (length < maxLength && done.includes(0)) {
    const logits = await step(input)
    input = new Int32Array(rows)
    for (let row = 0; row < rows; row++) {
      const line = tokens[row]!
      if (done[row]) {
        line[length] = padTokenId
        input[row] = padTokenId
        continue
      }
      scores.set(logits.subarray(row * stepper.vocabSize, (row + 1) * stepper.vocabSize))
      const random = options.doSample ? randoms[row]! : undefined
      const token = choose(scores, line, length, processors, random)
      line[length] = token
      input[row] = token
      if (eosTokenIds.includes(token)) done[row] = 1
      yield { row, token }
    }
    length++
  }
  return { sequences: tokens.map((line) => Array.from(line.subarray(0, length))) }
}

function choose(
  scores: Float32Array,
  tokens: Int32Array,
  length: number,
  processors: readonly Processor[],
  random: Random | undefined,
): number {
  for (const process of processors) process(scores, tokens, length)
  if (random === undefined) return argMax(scores)
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

export function concat(rows: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(rows.reduce((sum, row) => sum + row.length, 0))
  let at = 0
  for (const row of rows) {
    all.set(row, at)
    at += row.length
  }
  return all
}
