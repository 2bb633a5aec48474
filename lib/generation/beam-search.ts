import type { ResolvedOptions } from './options.js'
import { createProcessors, logSoftmax, softmax } from './processors.js'
import { Random } from './random.js'
import { concat, type SearchResult } from './sample.js'
import type { Stepper } from './stepper.js'
import { type Ranked, topK } from './top-k.js'

/** Added to a score, puts it behind every possible one. Finite, so that ranks among such scores stay. */
const outOfPlay = -1e9

/**
 * Beam search as transformers 4.57 does it, in its single-precision arithmetic: per source `numBeams` running
 * hypotheses and the best `numBeams` finished ones.
 */
export async function beamSearch(
  stepper: Stepper,
  prompts: readonly Int32Array[],
  options: ResolvedOptions,
  step: (tokens: Int32Array) => Promise<Float32Array>,
): Promise<SearchResult> {
  const { numBeams, promptLength, numReturnSequences } = options
  const { vocabSize } = stepper
  const processors = createProcessors(options)
  const beams = prompts.map(
    (prompt, source) => new SourceBeams(prompt, options, new Random(options.seed, source)),
  )
  await stepper.start(prompts.length, numBeams)
  let input = concat(prompts.flatMap((prompt) => new Array<Int32Array>(numBeams).fill(prompt)))
  let length = promptLength
  for (;;) {
    const logits = await step(input)
    const rows = new Int32Array(prompts.length * numBeams)
    input = new Int32Array(rows.length)
    beams.forEach((source, s) => {
      const first = s * numBeams
      const scores = logits.slice(first * vocabSize, (first + numBeams) * vocabSize)
      for (let beam = 0; beam < numBeams; beam++) {
        const row = scores.subarray(beam * vocabSize, (beam + 1) * vocabSize)
        logSoftmax(row)
        for (const process of processors) process(row, source.tokens(beam), length)
        const soFar = source.score(beam)
        for (let i = 0; i < vocabSize; i++) row[i] = row[i]! + soFar
      }
      const parents = source.advance(scores, vocabSize, length)
      for (let beam = 0; beam < numBeams; beam++) {
        rows[first + beam] = first + parents[beam]!
        input[first + beam] = source.tokens(beam)[length]!
      }
    })
    length++
    const allFull = beams.every((source) => source.full)
    const improvable = beams.some((source) => source.improvable)
    const goesOn = beams.some((source) => !source.stuck)
    if (!improvable || !goesOn || (allFull && options.earlyStopping === true)) break
    await stepper.reorder(rows)
  }
  const found = beams.flatMap((source) => source.best(numReturnSequences))
  const longest = Math.max(...found.map((hypothesis) => hypothesis.length))
  return {
    sequences: found.map(({ tokens }) => Array.from(tokens.subarray(0, promptLength + longest))),
    scores: found.map(({ score }) => score),
  }
}

/** A finished hypothesis, or the empty place of one. `length` counts tokens after the prompt. */
interface Hypothesis {
  tokens: Int32Array
  score: number
  length: number
  finished: boolean
}

/** The beams of one source. */
class SourceBeams {
  /** Whether a running hypothesis could still beat the worst finished one. */
  improvable = true
  /** Whether every continuation of the last step ended its text. */
  stuck = false
  readonly #options: ResolvedOptions
  readonly #random: Random
  #tokens: Int32Array[]
  #scores: Float32Array
  #finished: Hypothesis[]

  constructor(prompt: Int32Array, options: ResolvedOptions, random: Random) {
    this.#options = options
    this.#random = random
    const { numBeams, maxLength } = options
    const line = new Int32Array(maxLength).fill(fillValue(options))
    line.set(prompt)
    this.#tokens = Array.from({ length: numBeams }, () => line.slice())
    // All but the first start out of play, for they would find the same continuations as the first.
    this.#scores = new Float32Array(numBeams).fill(outOfPlay).fill(0, 0, 1)
    this.#finished = this.#tokens.map((tokens) => ({
      tokens: tokens.slice(),
      score: outOfPlay,
      length: 0,
      finished: false,
    }))
  }

  tokens(beam: number): Int32Array {
    return this.#tokens[beam]!
  }

  score(beam: number): number {
    return this.#scores[beam]!
  }

  get full(): boolean {
    return this.#finished.every((hypothesis) => hypothesis.finished)
  }

  best(count: number): Hypothesis[] {
    return this.#finished.slice(0, count)
  }

  /**
   * One step. `scores` [numBeams, vocabSize]: of every continuation, with what came before. Returns for each new beam
   * the beam it continues.
   */
  advance(scores: Float32Array, vocabSize: number, length: number): Int32Array {
    const { numBeams, maxLength, eosTokenIds } = this.#options
    // Enough that numBeams go on even if every beam's likeliest continuations are all its ends.
    const ranked = this.#select(scores, Math.max(2, 1 + eosTokenIds.length) * numBeams)
    const candidates = Array.from(ranked.indices, (index, i) => {
      const beam = Math.floor(index / vocabSize)
      const token = index % vocabSize
      const ends = eosTokenIds.includes(token) || length + 1 >= maxLength
      return { beam, token, ends, score: ranked.values[i]! }
    })
    const lines = candidates.map(({ beam, token }) => {
      const line = this.#tokens[beam]!.slice()
      line[length] = token
      return line
    })
    this.#finish(candidates, lines, length + 1)
    const running = Float32Array.from(candidates, ({ score, ends }) => score + (ends ? outOfPlay : 0))
    const next = topK(running, numBeams)
    this.#tokens = Array.from(next.indices, (i) => lines[i]!)
    this.#scores = next.values
    this.stuck = candidates.every(({ ends }) => ends)
    this.improvable &&= this.#canImprove(length + 1)
    return next.indices.map((i) => candidates[i]!.beam)
  }

  #select(scores: Float32Array, count: number): Ranked {
    if (!this.#options.doSample) return topK(scores, count)
    // Drawing without replacement: the largest of probability / exponential noise.
    const noisy = Float32Array.from(
      softmax(scores),
      (probability) => probability / this.#random.exponential(),
    )
    const { indices } = topK(noisy, count)
    return { indices, values: Float32Array.from(indices, (i) => scores[i]!) }
  }

  /** Lets the candidates that end here, of the first numBeams, compete with those that ended before. */
  #finish(
    candidates: readonly { score: number; ends: boolean }[],
    lines: Int32Array[],
    length: number,
  ): void {
    const { numBeams, promptLength, lengthPenalty, earlyStopping } = this.#options
    const closed = this.full && earlyStopping === true
    const penalty = Math.fround((length - promptLength) ** lengthPenalty)
    const merged = [...this.#finished]
    candidates.forEach(({ score, ends }, i) => {
      const finished = ends && i < numBeams
      let final = Math.fround(score / penalty)
      for (const out of [closed, !this.improvable, !finished])
        final = Math.fround(final + (out ? outOfPlay : 0))
      merged.push({ tokens: lines[i]!, score: final, length: length - promptLength, finished })
    })
    const order = topK(
      Float32Array.from(merged, ({ score }) => score),
      numBeams,
    )
    this.#finished = Array.from(order.indices, (i) => merged[i]!)
  }

  /** Guesses the best score the running hypotheses can reach, from the length they have or the longest allowed. */
  #canImprove(length: number): boolean {
    const { maxLength, promptLength, lengthPenalty, earlyStopping } = this.#options
    const atLength = earlyStopping === 'never' && lengthPenalty > 0 ? maxLength : length
    const reachable = Math.fround(this.#scores[0]! / Math.fround((atLength - promptLength) ** lengthPenalty))
    const worst = Math.min(...this.#finished.map(({ score }) => score))
    return this.#finished.some(({ finished }) => reachable > (finished ? worst : outOfPlay))
  }
}

/** What follows the end of a hypothesis. The reference takes a padding token 0 for none, and so must we. */
function fillValue({ padTokenId, eosTokenIds }: ResolvedOptions): number {
  return eosTokenIds.length > 0 ? padTokenId || eosTokenIds[0]! : -1
}
