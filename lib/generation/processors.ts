import { Heap } from '../text/heap.js'
import type { ResolvedOptions } from './options.js'
import { topK } from './top-k.js'

/**
 * Changes the scores of the next token, in place. `tokens` are those of the row so far, `length` of them, in an array
 * that may be longer.
 */
export type Processor = (scores: Float32Array, tokens: Int32Array, length: number) => void

const never = Number.NEGATIVE_INFINITY

/** The processors that the options ask for, in the order of transformers, on which results depend. */
export function createProcessors(options: ResolvedOptions): Processor[] {
  const { promptLength, eosTokenIds } = options
  const processors: Processor[] = []
  const add = (wanted: boolean, processor: Processor): void => {
    if (wanted) processors.push(processor)
  }
  add(options.repetitionPenalty !== 1, repetitionPenalty(options.repetitionPenalty))
  add(options.noRepeatNgramSize > 0, noRepeatNgram(options.noRepeatNgramSize))
  const badWords = options.badWordsIds.filter(
    (word) => !(word.length === 1 && eosTokenIds.includes(word[0]!)),
  )
  add(badWords.length > 0, noBadWords(badWords))
  add(options.minLength > 0, (scores, _, length) => {
    if (length < options.minLength) suppress(scores, eosTokenIds)
  })
  add(options.forcedBosTokenId !== undefined, (scores, _, length) => {
    if (length === 1) force(scores, [options.forcedBosTokenId!])
  })
  add(options.forcedEosTokenIds.length > 0, (scores, _, length) => {
    if (length === options.maxLength - 1) force(scores, options.forcedEosTokenIds)
  })
  add(options.removeInvalidValues, removeInvalid)
  add(options.suppressTokens.length > 0, (scores) => suppress(scores, options.suppressTokens))
  const begin = promptLength > 1 || options.forcedBosTokenId === undefined ? promptLength : promptLength + 1
  add(options.beginSuppressTokens.length > 0, (scores, _, length) => {
    if (length === begin) suppress(scores, options.beginSuppressTokens)
  })
  if (options.doSample) {
    // A beam must keep a way to go on beside every way to end.
    const kept = options.numBeams > 1 ? Math.max(eosTokenIds.length, 1) + 1 : 1
    add(options.temperature !== 1, (scores) => scale(scores, options.temperature))
    add(options.topK > 0, keepTopK(Math.max(options.topK, kept)))
    add(options.topP < 1, keepTopP(options.topP, kept))
    add(options.minP !== undefined, keepMinP(options.minP ?? 0, kept))
  }
  add(options.renormalizeLogits, (scores) => logSoftmax(scores))
  return processors
}

/** Scores to log probabilities, in place. */
export function logSoftmax(scores: Float32Array): void {
  let largest = never
  for (const score of scores) if (score > largest) largest = score
  let sum = 0
  for (const score of scores) sum += Math.exp(score - largest)
  const shift = largest + Math.log(sum)
  for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! - shift
}

function suppress(scores: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token < scores.length) scores[token] = never
}

function force(scores: Float32Array, tokens: readonly number[]): void {
  scores.fill(never)
  for (const token of tokens) scores[token] = 0
}

function scale(scores: Float32Array, temperature: number): void {
  for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! / temperature
}

const largestFloat = (2 - 2 ** -23) * 2 ** 127

function removeInvalid(scores: Float32Array): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (Number.isNaN(score)) scores[i] = 0
    else scores[i] = Math.max(-largestFloat, Math.min(largestFloat, score))
  }
}

function repetitionPenalty(penalty: number): Processor {
  return (scores, tokens, length) => {
    for (const token of new Set(tokens.subarray(0, length))) {
      const score = scores[token]!
      scores[token] = score < 0 ? score * penalty : score / penalty
    }
  }
}

function noRepeatNgram(size: number): Processor {
  return (scores, tokens, length) => {
    const prefix = length - size + 1
    // Wherever the last size - 1 tokens stood before, what followed them is forbidden.
    for (let start = 0; start < prefix; start++)
      if (sameTokens(tokens, start, prefix, size - 1)) scores[tokens[start + size - 1]!] = never
  }
}

function sameTokens(tokens: Int32Array, a: number, b: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (tokens[a + i] !== tokens[b + i]) return false
  return true
}

function noBadWords(words: readonly (readonly number[])[]): Processor {
  return (scores, tokens, length) => {
    for (const word of words) {
      const before = word.length - 1
      // As in the reference, a word as long as the row so far or longer than it is not looked for.
      if (before > 0 && word.length > length) continue
      const start = length - before
      if (word.every((token, i) => i === before || tokens[start + i] === token)) scores[word[before]!] = never
    }
  }
}

function keepTopK(k: number): Processor {
  return (scores) => {
    const { values } = topK(scores, k)
    const least = values.at(-1)!
    for (let i = 0; i < scores.length; i++) if (scores[i]! < least) scores[i] = never
  }
}

/** Keeps tokens, likeliest first, while those before them have less than `p` together. */
function keepTopP(p: number, atLeast: number): Processor {
  return (scores) => {
    const probabilities = softmax(scores)
    const order = new Heap<number>(
      (a, b) => probabilities[a]! > probabilities[b]! || (probabilities[a] === probabilities[b] && a < b),
    )
    for (let i = 0; i < scores.length; i++) if (probabilities[i]! > 0) order.push(i)
    const kept = new Map<number, number>()
    let mass = 0
    for (let i = order.pop(); i !== undefined && (mass < p || kept.size < atLeast); i = order.pop()) {
      kept.set(i, scores[i]!)
      mass += probabilities[i]!
    }
    scores.fill(never)
    for (const [i, score] of kept) scores[i] = score
  }
}

function keepMinP(p: number, atLeast: number): Processor {
  return (scores) => {
    const probabilities = softmax(scores)
    const best = topK(scores, atLeast).indices
    const least = p * probabilities[best[0]!]!
    for (let i = 0; i < scores.length; i++)
      if (probabilities[i]! < least && !best.includes(i)) scores[i] = never
  }
}

/** Probabilities of scores, as a new array. */
export function softmax(scores: Float32Array): Float64Array {
  let largest = never
  for (const score of scores) if (score > largest) largest = score
  const result = new Float64Array(scores.length)
  let sum = 0
  for (let i = 0; i < scores.length; i++) {
    result[i] = Math.exp(scores[i]! - largest)
    sum += result[i]!
  }
  for (let i = 0; i < scores.length; i++) result[i]! /= sum
  return result
}
