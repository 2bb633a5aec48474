import type { Processor } from './processor.js'

const impossible = Number.NEGATIVE_INFINITY

/** Makes tokens impossible. Ignores those outside the vocabulary. */
export function suppress(scores: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token < scores.length) scores[token] = impossible
}

/** Makes all other tokens impossible, and these equally likely. */
export function force(scores: Float32Array, tokens: readonly number[]): void {
  scores.fill(impossible)
  for (const token of tokens) scores[token] = 0
}

const maxFloat = (2 - 2 ** -23) * 2 ** 127

/** Replaces NaN by 0 and limits scores to the finite range of float32. */
export function removeInvalid(scores: Float32Array): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (Number.isNaN(score)) scores[i] = 0
    else scores[i] = Math.max(-maxFloat, Math.min(maxFloat, score))
  }
}

/** Makes tokens of the row less likely if the penalty is above 1 (Keskar et al. 2019, "CTRL"). */
export function repetitionPenalty(penalty: number): Processor {
  return (scores, tokens, length) => penalize(scores, tokens.subarray(0, length), penalty)
}

/** Makes tokens of the source more likely if the penalty is above 1. */
export function encoderRepetitionPenalty(penalty: number, source: Int32Array): Processor {
  return (scores) => penalize(scores, source, 1 / penalty)
}

function penalize(scores: Float32Array, tokens: Int32Array, penalty: number): void {
  for (const token of new Set(tokens)) {
    const score = scores[token]!
    scores[token] = score < 0 ? score * penalty : score / penalty
  }
}

/** Forbids tokens that would repeat an n-gram of the row (Paulus et al. 2017). */
export function noRepeatNgram(size: number): Processor {
  return (scores, tokens, length) =>
    forbidNgrams(scores, tokens.subarray(0, length), tokens.subarray(0, length), size)
}

/** Forbids tokens that would repeat an n-gram of the source in the row. */
export function encoderNoRepeatNgram(size: number, source: Int32Array): Processor {
  return (scores, tokens, length) => forbidNgrams(scores, source, tokens.subarray(0, length), size)
}

/** Forbids every token of `text` that follows an occurrence of the last size - 1 tokens of `row`. */
function forbidNgrams(scores: Float32Array, text: Int32Array, row: Int32Array, size: number): void {
  if (row.length < size - 1) return
  const prefix = row.subarray(row.length - size + 1)
  for (let start = 0; start + size <= text.length; start++)
    if (matchesAt(prefix, size - 1, text, start)) scores[text[start + size - 1]!] = impossible
}

/** Whether text[start...start + count) equals the first `count` of `tokens`. */
function matchesAt(tokens: ArrayLike<number>, count: number, text: Int32Array, start: number): boolean {
  for (let i = 0; i < count; i++) if (text[start + i] !== tokens[i]) return false
  return true
}

/** Forbids the last token of a word if the row ends with its other tokens. */
export function noBadWords(words: readonly (readonly number[])[]): Processor {
  return (scores, tokens, length) => {
    for (const word of words) if (continues(word, tokens, length)) scores[word.at(-1)!] = impossible
  }
}

/**
 * Adds a bias to the score of a word's last token if the row ends with its other tokens. Of a word that is listed twice
 * the last bias counts. Biases of one token are added up before the score, as in the reference: a float32 sum depends on
 * the order.
 */
export function sequenceBias(
  biases: readonly (readonly [tokens: readonly number[], bias: number])[],
): Processor {
  const byWord = new Map(biases.map((entry) => [entry[0].join(), entry]))
  const words = [...byWord.values()].sort(([a], [b]) => Number(a.length > 1) - Number(b.length > 1))
  return (scores, tokens, length) => {
    const sums = new Map<number, number>()
    for (const [word, bias] of words) {
      const last = word.at(-1)!
      if (continues(word, tokens, length))
        sums.set(last, Math.fround((sums.get(last) ?? 0) + Math.fround(bias)))
    }
    for (const [token, sum] of sums) scores[token] = scores[token]! + sum
  }
}

/** Whether the row ends with all but the last token of a word. */
function continues(word: readonly number[], tokens: Int32Array, length: number): boolean {
  const start = length - word.length + 1
  return start >= 0 && matchesAt(word, word.length - 1, tokens, start)
}

/**
 * Makes the end tokens more likely after `start` generated tokens. A score of -Infinity stays as it is, where the
 * reference computes NaN.
 */
export function exponentialDecay(
  [start, factor]: readonly [start: number, factor: number],
  promptLength: number,
  ends: readonly number[],
): Processor {
  return (scores, _, length) => {
    const exponent = length - promptLength - start
    if (exponent <= 0) return
    for (const token of ends)
      if (scores[token]! > impossible)
        scores[token] = scores[token]! + Math.abs(scores[token]!) * (factor ** exponent - 1)
  }
}
