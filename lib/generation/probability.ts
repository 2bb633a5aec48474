import type { Turns } from '../turns.js'

/** Softmax of scores, as a new array. */
export function softmax(scores: Float32Array): Float64Array {
  const max = maxOf(scores)
  const result = new Float64Array(scores.length)
  let sum = 0
  for (let i = 0; i < scores.length; i++) {
    result[i] = Math.exp(scores[i]! - max)
    sum += result[i]!
  }
  for (let i = 0; i < scores.length; i++) result[i]! /= sum
  return result
}

/** {@link softmax} of many scores, with turns of the event loop between rows of `length`. */
export async function softmaxOfRows(
  scores: Float32Array,
  length: number,
  turns: Turns,
): Promise<Float64Array> {
  let max = Number.NEGATIVE_INFINITY
  for (let start = 0; start < scores.length; start += length) {
    max = Math.max(max, maxOf(scores.subarray(start, start + length)))
    await turns.step()
  }
  const result = new Float64Array(scores.length)
  let sum = 0
  for (let i = 0; i < scores.length; i++) {
    if (i % length === 0) await turns.step()
    result[i] = Math.exp(scores[i]! - max)
    sum += result[i]!
  }
  for (let i = 0; i < scores.length; i++) {
    if (i % length === 0) await turns.step()
    result[i]! /= sum
  }
  return result
}

/** Log-softmax of scores, in place. */
export function logSoftmax(scores: Float32Array): void {
  const max = maxOf(scores)
  let sum = 0
  for (const score of scores) sum += Math.exp(score - max)
  const shift = max + Math.log(sum)
  for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! - shift
}

/** -p * log(p): the contribution of one event to the entropy; 0 for p = 0. */
export function entropyTerm(probability: number): number {
  return probability > 0 ? -probability * Math.log(probability) : 0
}

/** Entropy of a distribution, in nats. */
export function entropy(probabilities: Float64Array): number {
  return probabilities.reduce((sum, probability) => sum + entropyTerm(probability), 0)
}

/** Maximum of the scores, without NaN. */
function maxOf(scores: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY
  for (const score of scores) if (score > max) max = score
  return max
}
