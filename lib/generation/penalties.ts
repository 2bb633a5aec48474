import type { Processor } from './processor.js'

const impossible = Number.NEGATIVE_INFINITY

/** Tokens outside the vocabulary are ignored. */
export function suppress(scores: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token < scores.length) scores[token] = impossible
}

/** Leaves only these tokens, equally likely. */
export function force(scores: Float32Array, tokens: readonly number[]): void {
  scores.fill(impossible)
  for (const token of tokens) scores[token] = 0
}

const maxFloat = (2 - 2 ** -23) * 2 ** 127

export function removeInvalid(scores: Float32Array): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (Number.isNaN(score)) scores[i] = 0
    else scores[i] = Math.max(-maxFloat, Math.min(maxFloat, score))
  }
}

/** Above 1, tokens of the row get less likely (Keskar et al. 2019, "CTRL"). */
export function repetitionPenalty(penalty: number): Processor {
  return (scores, tokens, length) => penalize(scores, tokens.subarray(0, length), penalty)
}

/** Above 1, tokens of the source get more likely. */
export function encoderRepetitionPenalty(penalty: number, source: Int32Array): Processor {
  return (scores) => penalize(scores, source, 1 / penalty)
}

function penalize(scores: Float32Array, tokens: Int32Array, penalty: number): void {
  for (const token of new Set(tokens)) {
    const score = scores[token]!
    scores[token] = score < 0 ? score * penalty : score / penalty
  }
}

/** Forbids the tokens that would make an n-gram of the row occur twice (Paulus et al. 2017). */
export function noRepeatNgram(size: number): Processor {
  return (scores, tokens, length) =>
    forbidNgrams(scores, tokens.subarray(0, length), tokens.subarray(0, length), size)
}

/** Forbids the tokens that would make an n-gram of the source occur in the row. */
export function encoderNoRepeatNgram(size: number, source: Int32Array): Processor {
  return (scores, tokens, length) => forbidNgrams(scores, source, tokens.subarray(0, length), size)
}

/** Wherever the last size - 1 tokens of `row` stand in `text`, what follows them there is forbidden. */
function forbidNgrams(scores: Float32Array, text: Int32Array, row: Int32Array, size: number): void {
  if (row.length < size - 1) return
  const prefix = row.subarray(row.length - size + 1)
  for (let start = 0; start + size <= text.length; start++)
    if (standsAt(prefix, size - 1, text, start)) scores[text[start + size - 1]!] = impossible
}

/** Whether the first `count` of some tokens stand in a text from `start` on. */
function standsAt(tokens: ArrayLike<number>, count: number, text: Int32Array, start: number): boolean {
  for (let i = 0; i < count; i++) if (text[start + i] !== tokens[i]) return false
  return true
}

/** Forbids the last token of a word where its other tokens stand at the end of the row. */
export function noBadWords(words: readonly (readonly number[])[]): Processor {
  return (scores, tokens, length) => {
    for (const word of words) if (continues(word, tokens, length)) scores[word.at(-1)!] = impossible
  }
}

/** Adds a bias to the score of a word's last token where its other tokens stand at the end of the row. */
export function sequenceBias(
  biases: readonly (readonly [tokens: readonly number[], bias: number])[],
): Processor {
  return (scores, tokens, length) => {
    for (const [word, bias] of biases)
      if (continues(word, tokens, length)) scores[word.at(-1)!] = scores[word.at(-1)!]! + bias
  }
}

/** Whether a row ends with all tokens of a word but the last. */
function continues(word: readonly number[], tokens: Int32Array, length: number): boolean {
  const start = length - word.length + 1
  return start >= 0 && standsAt(word, word.length - 1, tokens, start)
}

/**
 * Makes the end of the text more likely from `start` tokens after the prompt on. A score of -Infinity stays, where the
 * reference gets NaN.
 */
export function exponentialDecay(
  [start, factor]: readonly [start: number, factor: number],
  promptLength: number,
  ends: readonly number[],
): Processor {
  return (scores, _, length) => {
    const late = length - promptLength - start
    if (late <= 0) return
    for (const token of ends)
      if (scores[token]! > impossible)
        scores[token] = scores[token]! + Math.abs(scores[token]!) * (factor ** late - 1)
  }
}
