import { Heap } from '../text/heap.js'
import { entropy, entropyTerm, softmax } from './probability.js'
import type { Processor } from './processor.js'
import { kthLargest, topK } from './top-k.js'

const impossible = Number.NEGATIVE_INFINITY

/** Divides scores by the temperature: above 1 flattens the distribution, below 1 sharpens it. */
export function scale(temperature: number): Processor {
  return (scores) => {
    for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! / temperature
  }
}

/** Keeps the `k` most likely tokens, and those as likely as the last of them (Fan et al. 2018). */
export function keepTopK(k: number): Processor {
  return (scores) => {
    if (k >= scores.length) return
    const minScore = kthLargest(scores, k)
    for (let i = 0; i < scores.length; i++) if (scores[i]! < minScore) scores[i] = impossible
  }
}

/** Keeps the most likely tokens until their probabilities add up to `p` (nucleus sampling, Holtzman et al. 2019). */
export function keepTopP(p: number, atLeast: number): Processor {
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
    scores.fill(impossible)
    for (const [i, score] of kept) scores[i] = score
  }
}

/** Keeps tokens at least `p` times as likely as the most likely one (Nguyen et al. 2024). */
export function keepMinP(p: number, atLeast: number): Processor {
  return (scores) => {
    const probabilities = softmax(scores)
    const best = topK(scores, atLeast).indices
    const minProbability = p * probabilities[best[0]!]!
    for (let i = 0; i < scores.length; i++)
      if (probabilities[i]! < minProbability && !best.includes(i)) scores[i] = impossible
  }
}

/** Keeps tokens with a probability of at least `epsilon` (Hewitt et al. 2022, epsilon sampling). */
export function keepEpsilon(epsilon: number, atLeast: number): Processor {
  return (scores) => keepProbable(scores, softmax(scores), epsilon, atLeast)
}

/** Keeps tokens with a probability of at least min(epsilon, sqrt(epsilon) * exp(-entropy)) (eta sampling). */
export function keepEta(epsilon: number, atLeast: number): Processor {
  return (scores) => {
    const probabilities = softmax(scores)
    const eta = Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-entropy(probabilities)))
    keepProbable(scores, probabilities, eta, atLeast)
  }
}

function keepProbable(
  scores: Float32Array,
  probabilities: Float64Array,
  minProbability: number,
  atLeast: number,
): void {
  const keptScore = topK(scores, atLeast).values.at(-1)!
  for (let i = 0; i < scores.length; i++)
    if (probabilities[i]! < minProbability && scores[i]! < keptScore) scores[i] = impossible
}

/**
 * Keeps the tokens whose information content is closest to the entropy, until their probabilities add up to `mass`
 * (Meister et al. 2022, locally typical sampling).
 */
export function keepTypical(mass: number, atLeast: number): Processor {
  return (scores) => {
    const probabilities = softmax(scores)
    const expected = entropy(probabilities)
    const distance = probabilities.map((probability) => Math.abs(-Math.log(probability) - expected))
    const order = new Heap<number>(
      (a, b) => distance[a]! < distance[b]! || (distance[a] === distance[b] && a < b),
    )
    for (let i = 0; i < scores.length; i++) if (probabilities[i]! > 0) order.push(i)
    const closest: number[] = []
    let [sum, furthest] = [0, 0]
    for (let i = order.pop(); i !== undefined; i = order.pop()) {
      if (sum < mass) furthest = distance[i]!
      else if (closest.length >= atLeast) break
      if (closest.length < atLeast) closest.push(i)
      sum += probabilities[i]!
    }
    for (let i = 0; i < scores.length; i++)
      if (distance[i]! > furthest && !closest.includes(i)) scores[i] = impossible
  }
}

/** Number of most likely tokens that top-H considers. */
const topHCandidates = 100

/** Keeps the most likely token, and further ones while they have at most the share `h` of the entropy (top-H). */
export function keepTopH(h: number): Processor {
  return (scores) => {
    const { indices, values } = topK(scores, topHCandidates)
    const probabilities = softmax(values)
    const budget = entropy(probabilities) * h
    let sum = entropyTerm(probabilities[0]!)
    let count = 1
    for (; count < indices.length; count++) {
      sum += entropyTerm(probabilities[count]!)
      if (sum > budget) break
    }
    scores.fill(impossible)
    for (let rank = 0; rank < count; rank++) scores[indices[rank]!] = values[rank]!
  }
}
