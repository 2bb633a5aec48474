import { Turns } from '../turns.js'
import { logSoftmax, softmaxOfRows } from './probability.js'
import { Random } from './random.js'
import type { ResolvedOptions } from './resolve.js'
import { type Found, noToken, type Search, type SearchSource, searchSliceMs } from './search.js'
import { type Ranked, topK, topKOfRows } from './top-k.js'

/** Added to the score of a hypothesis to exclude it. Finite, so that excluded hypotheses keep their order. */
const exclusion = -1e9

/**
 * Beam search of transformers 4.57, in the same single-precision arithmetic. For each source it keeps `numBeams`
 * running hypotheses and the best `numBeams` finished ones.
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
    const turns = new Turns(searchSliceMs, signal)
    for (const [index, source] of beams.entries()) {
      const first = index * numBeams
      const parents = source.full
        ? Int32Array.from({ length: numBeams }, (_, beam) => beam)
        : await source.advance(logits.subarray(first * vocabSize, (first + numBeams) * vocabSize), turns)
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

/** The token that pads finished hypotheses. As in the reference, a padding token 0 counts as not set. */
function fillValue({ padTokenId, eosTokenIds }: Pick<ResolvedOptions, 'padTokenId' | 'eosTokenIds'>): number {
  return eosTokenIds.length > 0 ? padTokenId || eosTokenIds[0]! : -1
}

/** A finished hypothesis, or an empty slot (`ended` false) for one. */
interface Hypothesis {
  /** Generated tokens, without the prompt. */
  readonly tokens: Int32Array
  readonly score: number
  readonly ended: boolean
}

/** The beams of one source. */
class SourceBeams {
  /** Whether a running hypothesis could still get a higher score than the worst finished one. */
  improvable = true
  /** Whether every candidate of the last step ended its hypothesis. */
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
    const { numBeams } = options
    this.#length = prompt.length
    this.#tokens = Array.from({ length: numBeams }, () => prompt)
    // All beams start with the same prompt. Without the exclusion each would find the same continuations.
    this.#scores = new Float32Array(numBeams).fill(exclusion).fill(0, 0, 1)
    this.#ended = Array.from({ length: numBeams }, () => ({
      tokens: prompt.slice(0, 0),
      score: exclusion,
      ended: false,
    }))
  }

  /** Whether the running hypotheses have the maximum length. */
  get full(): boolean {
    return this.#length === this.#options.maxLength
  }

  /** Whether numBeams hypotheses are finished. */
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
   * Runs one step.
   * @param logits [numBeams, vocabSize]
   * @param turns has a step for each beam
   * @returns for each new beam, the index of the beam that it continues
   */
  async advance(logits: Float32Array, turns: Turns): Promise<Int32Array> {
    const { numBeams, maxLength, eosTokenIds } = this.#options
    const vocabSize = logits.length / numBeams
    const scores = await this.#score(logits, vocabSize, turns)
    // With this many candidates at least numBeams do not end, even if the most likely tokens of all beams are end tokens.
    const count = Math.max(2, 1 + eosTokenIds.length) * numBeams
    const ranked = await this.#select(scores, vocabSize, count, turns)
    const isPossible = ranked.values[0]! > Number.NEGATIVE_INFINITY
    if (!isPossible && !this.#ended.some(({ ended }) => ended)) throw noToken(scores, this.#length)
    const candidates = Array.from(ranked.indices, (index, i) => {
      const beam = Math.floor(index / vocabSize)
      const token = index % vocabSize
      const tokens = new Int32Array(this.#length + 1)
      tokens.set(this.#tokens[beam]!)
      tokens[this.#length] = token
      const ends = eosTokenIds.includes(token) || this.#length + 1 >= maxLength
      return { beam, tokens, ends, score: ranked.values[i]! }
    })
    this.#length++
    this.#end(candidates)
    const running = Float32Array.from(candidates, ({ score, ends }) => score + (ends ? exclusion : 0))
    const next = topK(running, numBeams)
    this.#tokens = Array.from(next.indices, (i) => candidates[i]!.tokens)
    this.#scores = next.values
    this.stuck = candidates.every(({ ends }) => ends)
    this.improvable &&= this.#canImprove()
    return next.indices.map((i) => candidates[i]!.beam)
  }

  /** The scores of the continuations: processed log probabilities plus the score of the beam. */
  async #score(logits: Float32Array, vocabSize: number, turns: Turns): Promise<Float32Array> {
    const scores = new Float32Array(logits.length)
    for (const [beam, tokens] of this.#tokens.entries()) {
      const row = scores.subarray(beam * vocabSize, (beam + 1) * vocabSize)
      row.set(logits.subarray(beam * vocabSize, (beam + 1) * vocabSize))
      logSoftmax(row)
      for (const process of this.#processors[beam]!) process(row, tokens, this.#length)
      const beamScore = this.#scores[beam]!
      for (let i = 0; i < vocabSize; i++) row[i] = row[i]! + beamScore
      await turns.step()
    }
    return scores
  }

  async #select(scores: Float32Array, vocabSize: number, count: number, turns: Turns): Promise<Ranked> {
    if (!this.#options.doSample) return topKOfRows(scores, count, vocabSize, turns)
    // Samples without replacement: takes the largest values of probability / exponential noise.
    const probabilities = await softmaxOfRows(scores, vocabSize, turns)
    const noisy = new Float32Array(scores.length)
    for (let i = 0; i < noisy.length; i++) {
      if (i % vocabSize === 0) await turns.step()
      noisy[i] = probabilities[i]! / this.#random.exponential()
    }
    const { indices } = await topKOfRows(noisy, count, vocabSize, turns)
    return { indices, values: Float32Array.from(indices, (i) => scores[i]!) }
  }

  /** Merges those of the first numBeams candidates that end here into the finished hypotheses; keeps the best. */
  #end(candidates: readonly { tokens: Int32Array; score: number; ends: boolean }[]): void {
    const { numBeams, promptLength, lengthPenalty, earlyStopping } = this.#options
    const closed = this.complete && earlyStopping === true
    const penalty = Math.fround((this.#length - promptLength) ** lengthPenalty)
    const merged = [...this.#ended]
    candidates.forEach(({ tokens, score, ends }, i) => {
      const ended = ends && i < numBeams
      let final = Math.fround(score / penalty)
      for (const excluded of [closed, !this.improvable, !ended])
        final = Math.fround(final + (excluded ? exclusion : 0))
      merged.push({ tokens: tokens.subarray(promptLength, this.#length), score: final, ended })
    })
    const order = topK(
      Float32Array.from(merged, ({ score }) => score),
      numBeams,
    )
    this.#ended = Array.from(order.indices, (i) => merged[i]!)
  }

  /** Estimates the best score of the running hypotheses at their current or at the maximum length. */
  #canImprove(): boolean {
    const { maxLength, promptLength, lengthPenalty, earlyStopping } = this.#options
    const atLength = earlyStopping === 'never' && lengthPenalty > 0 ? maxLength : this.#length
    const reachable = Math.fround(this.#scores[0]! / Math.fround((atLength - promptLength) ** lengthPenalty))
    const worst = Math.min(...this.#ended.map(({ score }) => score))
    return this.#ended.some(({ ended }) => reachable > (ended ? worst : exclusion))
  }
}
