import { logSoftmax, softmax } from './probability.js'
import { Random } from './random.js'
import type { ResolvedOptions } from './resolve.js'
import type { Found, Search, SearchSource } from './search.js'
import { type Ranked, topK } from './top-k.js'

/** Added to a score, puts it behind every possible one. Finite, so that ranks among such scores stay. */
const outOfPlay = -1e9

/**
 * Beam search as transformers 4.57 does it, in its single-precision arithmetic: per source `numBeams` running
 * hypotheses and the best `numBeams` finished ones.
 */
export async function beamSearch({ stepper, sources, seed, signal, onLogits }: Search): Promise<Found> {
  const { numBeams, numReturnSequences, earlyStopping, ...options } = sources[0]!.options
  const { vocabSize } = stepper
  const beams = sources.map((source, index) => new SourceBeams(source, new Random(seed, index)))
  const rows = new Int32Array(sources.length * numBeams)
  const tokens = new Int32Array(rows.length)
  const ended = new Uint8Array(rows.length)
  let logits = await stepper.start(
    sources.map(({ prompt }) => prompt),
    numBeams,
    signal,
  )
  for (;;) {
    onLogits?.(logits)
    for (const [index, source] of beams.entries()) {
      const first = index * numBeams
      const parents = source.full
        ? Int32Array.from({ length: numBeams }, (_, beam) => beam)
        : source.advance(logits.slice(first * vocabSize, (first + numBeams) * vocabSize))
      for (let beam = 0; beam < numBeams; beam++) {
        rows[first + beam] = first + parents[beam]!
        tokens[first + beam] = source.last(beam)
      }
      if (source.full) ended.fill(1, first, first + numBeams)
    }
    const running = beams.filter((source) => !source.full)
    const improvable = running.some((source) => source.improvable)
    const goesOn = running.some((source) => !source.stuck)
    if (!improvable || !goesOn || (earlyStopping === true && beams.every((source) => source.complete))) break
    await stepper.reorder(rows)
    logits = await stepper.step(tokens, ended, signal)
  }
  const found = beams.flatMap((source) => source.best(numReturnSequences))
  return {
    rows: found.map(({ tokens }) => Array.from(tokens)),
    scores: found.map(({ score }) => score),
    fill: fillValue(options),
  }
}

/** What follows the end of a hypothesis. The reference takes a padding token 0 for none, and so must we. */
function fillValue({ padTokenId, eosTokenIds }: Pick<ResolvedOptions, 'padTokenId' | 'eosTokenIds'>): number {
  return eosTokenIds.length > 0 ? padTokenId || eosTokenIds[0]! : -1
}

/** A hypothesis that has ended, or the empty place of one. */
interface Hypothesis {
  /** Those after the prompt. */
  readonly tokens: Int32Array
  readonly score: number
  readonly ended: boolean
}

/** The beams of one source. */
class SourceBeams {
  /** Whether a running hypothesis could still beat the worst that has ended. */
  improvable = true
  /** Whether every continuation of the last step ended its text. */
  stuck = false
  readonly #options: ResolvedOptions
  readonly #processors: SearchSource['processors']
  readonly #random: Random
  #length: number
  #tokens: Int32Array[]
  #scores: Float32Array
  #ended: Hypothesis[]

  constructor({ prompt, options, processors }: SearchSource, random: Random) {
    this.#options = options
    this.#processors = processors
    this.#random = random
    const { numBeams, maxLength } = options
    this.#length = prompt.length
    this.#tokens = Array.from({ length: numBeams }, () => {
      const line = new Int32Array(maxLength)
      line.set(prompt)
      return line
    })
    // All but the first start out of play, for they would find the same continuations as the first.
    this.#scores = new Float32Array(numBeams).fill(outOfPlay).fill(0, 0, 1)
    this.#ended = Array.from({ length: numBeams }, () => ({
      tokens: prompt.slice(0, 0),
      score: outOfPlay,
      ended: false,
    }))
  }

  /** Whether the running hypotheses have the greatest length. */
  get full(): boolean {
    return this.#length === this.#options.maxLength
  }

  /** Whether numBeams hypotheses have ended. */
  get complete(): boolean {
    return this.#ended.every(({ ended }) => ended)
  }

  /** The last token of a running hypothesis. */
  last(beam: number): number {
    return this.#tokens[beam]![this.#length - 1]!
  }

  best(count: number): Hypothesis[] {
    return this.#ended.slice(0, count)
  }

  /**
   * One step.
   * @param logits [numBeams, vocabSize], written over
   * @returns for each new beam the beam it continues
   */
  advance(logits: Float32Array): Int32Array {
    const { numBeams, maxLength, eosTokenIds } = this.#options
    const vocabSize = logits.length / numBeams
    this.#score(logits, vocabSize)
    // Enough that numBeams go on even if every beam's likeliest continuations are all its ends.
    const ranked = this.#select(logits, Math.max(2, 1 + eosTokenIds.length) * numBeams)
    const candidates = Array.from(ranked.indices, (index, i) => {
      const beam = Math.floor(index / vocabSize)
      const token = index % vocabSize
      const line = this.#tokens[beam]!.slice()
      line[this.#length] = token
      const ends = eosTokenIds.includes(token) || this.#length + 1 >= maxLength
      return { beam, line, ends, score: ranked.values[i]! }
    })
    this.#length++
    this.#end(candidates)
    const running = Float32Array.from(candidates, ({ score, ends }) => score + (ends ? outOfPlay : 0))
    const next = topK(running, numBeams)
    this.#tokens = Array.from(next.indices, (i) => candidates[i]!.line)
    this.#scores = next.values
    this.stuck = candidates.every(({ ends }) => ends)
    this.improvable &&= this.#canImprove()
    return next.indices.map((i) => candidates[i]!.beam)
  }

  /** Logits to the scores of the continuations, with what came before. */
  #score(logits: Float32Array, vocabSize: number): void {
    for (const [beam, tokens] of this.#tokens.entries()) {
      const row = logits.subarray(beam * vocabSize, (beam + 1) * vocabSize)
      logSoftmax(row)
      for (const process of this.#processors) process(row, tokens, this.#length)
      const soFar = this.#scores[beam]!
      for (let i = 0; i < vocabSize; i++) row[i] = row[i]! + soFar
    }
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
  #end(candidates: readonly { line: Int32Array; score: number; ends: boolean }[]): void {
    const { numBeams, promptLength, lengthPenalty, earlyStopping } = this.#options
    const closed = this.complete && earlyStopping === true
    const penalty = Math.fround((this.#length - promptLength) ** lengthPenalty)
    const merged = [...this.#ended]
    candidates.forEach(({ line, score, ends }, i) => {
      const ended = ends && i < numBeams
      let final = Math.fround(score / penalty)
      for (const out of [closed, !this.improvable, !ended]) final = Math.fround(final + (out ? outOfPlay : 0))
      merged.push({ tokens: line.subarray(promptLength, this.#length), score: final, ended })
    })
    const order = topK(
      Float32Array.from(merged, ({ score }) => score),
      numBeams,
    )
    this.#ended = Array.from(order.indices, (i) => merged[i]!)
  }

  /** Guesses the best score the running hypotheses can reach, from the length they have or the longest allowed. */
  #canImprove(): boolean {
    const { maxLength, promptLength, lengthPenalty, earlyStopping } = this.#options
    const atLength = earlyStopping === 'never' && lengthPenalty > 0 ? maxLength : this.#length
    const reachable = Math.fround(this.#scores[0]! / Math.fround((atLength - promptLength) ** lengthPenalty))
    const worst = Math.min(...this.#ended.map(({ score }) => score))
    return this.#ended.some(({ ended }) => reachable > (ended ? worst : outOfPlay))
  }
}
