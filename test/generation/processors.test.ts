import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GenerationOptions } from '../../lib/generation/options.js'
import { createProcessors } from '../../lib/generation/processors.js'
import { resolveOptions } from '../../lib/generation/resolve.js'
import { argMax, topK } from '../../lib/generation/top-k.js'

const never = -Infinity

/** Scores after the processors of the options, for a row of tokens that was made from a source. */
function process(
  options: GenerationOptions,
  scores: number[],
  tokens: number[],
  promptLength = 1,
  source: number[] = [],
): number[] {
  const values = Float32Array.from(scores)
  const row = Int32Array.from([...tokens, 99, 99])
  const resolved = resolveOptions(options, promptLength, { vocabSize: scores.length })
  const text = Int32Array.from(source)
  for (const run of createProcessors(resolved, text, text)) run(values, row, tokens.length)
  return Array.from(values)
}

interface Reference {
  options: GenerationOptions
  tokens: number[]
  source: number[]
  scores: number[]
  expected: (number | null)[]
}

test('scores are those of transformers 5.18', () => {
  const path = new URL('../data/generation/processors.json', import.meta.url)
  for (const reference of JSON.parse(readFileSync(path, 'utf8')) as Reference[]) {
    const { options, scores, tokens, source, expected } = reference
    const label = JSON.stringify(reference)
    process(options, scores, tokens, 1, source).forEach((score, token) => {
      const want = expected[token] ?? never
      if (want === never || score === never) assert.is(score, want, `${token} of ${label}`)
      else assert.ok(Math.abs(score - want) <= 1e-6 * Math.max(1, Math.abs(want)), `${token} of ${label}`)
    })
  }
})

test('without options nothing changes', () => {
  assert.equal(process({}, [1, 2, 3], [0]), [1, 2, 3])
})

test('repetition penalty shrinks what occurred, once each, towards less likely', () => {
  assert.equal(process({ repetitionPenalty: 2 }, [4, -4, 1, 3], [0, 1, 0]), [2, -8, 1, 3])
})

test('no n-gram occurs twice', () => {
  assert.equal(process({ noRepeatNgramSize: 2 }, [0, 0, 0, 0], [1, 2, 1]), [0, 0, never, 0])
  assert.equal(process({ noRepeatNgramSize: 3 }, [0, 0, 0, 0], [1, 2, 3, 1, 2]), [0, 0, 0, never])
  assert.equal(process({ noRepeatNgramSize: 3 }, [0, 0, 0, 0], [1, 2]), [0, 0, 0, 0])
  assert.equal(process({ noRepeatNgramSize: 1 }, [0, 0, 0, 0], [1, 3]), [0, never, 0, never])
})

test('bad words, of one token or completed by the next; an end token is no bad word', () => {
  assert.equal(process({ badWordsIds: [[1], [0, 2]] }, [0, 0, 0], [0]), [0, never, never])
  assert.equal(process({ badWordsIds: [[1], [0, 0, 2]] }, [0, 0, 0], [0]), [0, never, 0])
  assert.equal(process({ badWordsIds: [[0, 2]] }, [0, 0, 0], [1, 0]), [0, 0, never])
  assert.equal(process({ badWordsIds: [[0, 2]] }, [0, 0, 0], [0, 1]), [0, 0, 0])
  assert.equal(process({ badWordsIds: [[1]], eosTokenId: [1] }, [0, 0, 0], [0]), [0, 0, 0])
})

test('tokens of the source: more likely, and none of its n-grams', () => {
  assert.equal(process({ encoderRepetitionPenalty: 2 }, [1, -1, 3, 3], [3], 1, [0, 1, 0]), [2, -0.5, 3, 3])
  const ngrams = (size: number, tokens: number[]) =>
    process({ encoderNoRepeatNgramSize: size }, [0, 0, 0, 0], tokens, 1, [1, 2, 1, 3])
  assert.equal(ngrams(1, [0]), [0, never, never, never])
  assert.equal(ngrams(2, [0, 1]), [0, 0, never, never])
  assert.equal(ngrams(3, [1, 2]), [0, never, 0, 0])
  assert.equal(ngrams(3, [2]), [0, 0, 0, 0])
})

test('a bias for the last token of a sequence whose others stand before it', () => {
  const sequenceBias = [
    [[1], 2],
    [[3, 1, 0], -1],
    [[0, 2], 5],
  ] as const
  assert.equal(process({ sequenceBias }, [0, 0, 0, 0], [3, 1]), [-1, 2, 0, 0])
  assert.equal(process({ sequenceBias }, [0, 0, 0, 0], [0]), [0, 2, 5, 0])
  const twice = [...sequenceBias, [[1], 0.5], [[3, 1], 0.25]] as const
  assert.equal(process({ sequenceBias: twice }, [0, 0, 0, 0], [0, 3]), [0, 0.75, 0, 0])
})

test('biases of a token are added up in float32 before they are added to its score', () => {
  const sequenceBias = [
    [[1], 2 ** 24],
    [[3, 1], 1],
  ] as const
  assert.equal(process({ sequenceBias }, [0, -(2 ** 24), 0, 0], [3]), [0, 0, 0, 0])
})

test('the end gets more likely from a length on, by |score| * (factor ** n - 1)', () => {
  const decay = (scores: number[], length: number) =>
    process({ exponentialDecayLengthPenalty: [1, 3], eosTokenId: 0 }, scores, new Array(length).fill(1), 2)
  assert.equal(decay([-2, 1], 3), [-2, 1])
  assert.equal(decay([-2, 1], 4), [-2 + 2 * 2, 1])
  assert.equal(decay([2, 1], 5), [2 + 2 * 8, 1])
  assert.equal(decay([never, 1], 5), [never, 1])
})

test('no end before the least length', () => {
  assert.equal(process({ minLength: 3, eosTokenId: [0, 2] }, [1, 1, 1], [1, 1]), [never, 1, never])
  assert.equal(process({ minLength: 3, eosTokenId: 0 }, [1, 1, 1], [1, 1, 1]), [1, 1, 1])
  assert.equal(process({ minNewTokens: 2, eosTokenId: 0 }, [1, 1], [1, 1, 1], 2), [never, 1])
  assert.equal(process({ minNewTokens: 2, eosTokenId: 0 }, [1, 1], [1, 1, 1, 1], 2), [1, 1])
  // As in the reference, minNewTokens takes precedence, also if it is 0.
  assert.equal(process({ minLength: 3, minNewTokens: 0, eosTokenId: 0 }, [1, 1], [1]), [1, 1])
})

test('forced first and last tokens', () => {
  assert.equal(process({ forcedBosTokenId: 2 }, [5, 5, 5], [0]), [never, never, 0])
  assert.equal(process({ forcedBosTokenId: 2 }, [5, 5, 5], [0, 1]), [5, 5, 5])
  assert.equal(process({ forcedEosTokenId: [0, 1], maxLength: 4 }, [5, 5, 5], [0, 1, 1]), [0, 0, never])
  assert.equal(process({ forcedEosTokenId: 0, maxLength: 4 }, [5, 5, 5], [0, 1]), [5, 5, 5])
})

test('suppressed tokens, always or at the beginning', () => {
  assert.equal(process({ suppressTokens: [1, 7] }, [1, 1], [0, 0]), [1, never])
  assert.equal(process({ beginSuppressTokens: [1] }, [1, 1], [0]), [1, never])
  assert.equal(process({ beginSuppressTokens: [1] }, [1, 1], [0, 0]), [1, 1])
  assert.equal(process({ beginSuppressTokens: [1], forcedBosTokenId: 0 }, [1, 1], [0, 0]), [1, never])
})

test('invalid values become finite', () => {
  const [nan, high, low] = process({ removeInvalidValues: true }, [Number.NaN, Infinity, -Infinity], [0])
  assert.is(nan, 0)
  assert.ok(Number.isFinite(high) && high! > 1e38 && Number.isFinite(low) && low! < -1e38)
})

test('renormalizing makes log probabilities', () => {
  const scores = process({ renormalizeLogits: true, suppressTokens: [0] }, [9, 1, 1], [0])
  assert.is(scores[0], never)
  assert.ok(Math.abs(scores[1]! - Math.log(0.5)) < 1e-6)
})

test('temperature, top-k, top-p and min-p apply to sampling only', () => {
  const scores = [1, 2, 3, 4].map(Math.log)
  assert.equal(process({ temperature: 2, topK: 1, topP: 0.1, minP: 0.9 }, [1, 2, 3, 4], [0]), [1, 2, 3, 4])
  const sampled = (options: GenerationOptions) =>
    process({ doSample: true, topK: 0, ...options }, scores, [0])
  assert.equal(process({ doSample: true, temperature: 2 }, [2, 4], [0]), [1, 2])
  assert.equal(
    sampled({ topK: 2 }).map((score) => score > never),
    [false, false, true, true],
  )
  // Probabilities .1 .2 .3 .4: two make .7, three .9.
  const keptAt = (topP: number) => sampled({ topP }).filter((score) => score > never).length
  assert.equal([0, 0.39, 0.41, 0.69, 0.71, 0.91, 1].map(keptAt), [1, 1, 2, 2, 3, 4, 4])
  assert.is(sampled({ minP: 0.6 }).filter((score) => score > never).length, 2)
})

test('typical, epsilon, eta and top-H sampling', () => {
  // Information of the probabilities .1 .2 .3 .4 in nats: 2.30 1.61 1.20 .92; expected: 1.28.
  const scores = [1, 2, 3, 4].map(Math.log)
  const kept = (options: GenerationOptions) =>
    process({ doSample: true, topK: 0, ...options }, scores, [0]).map((score) => score > never)
  assert.equal(kept({ typicalP: 0.2 }), [false, false, true, false])
  assert.equal(kept({ typicalP: 0.4 }), [false, true, true, false])
  assert.equal(kept({ typicalP: 0.6 }), [false, true, true, true])
  assert.equal(kept({ epsilonCutoff: 0.25 }), [false, false, true, true])
  assert.equal(kept({ epsilonCutoff: 0.5 }), [false, false, false, true], 'one is always kept')
  // sqrt(.9) * exp(-1.28) = .264 is below .9.
  assert.equal(kept({ etaCutoff: 0.9 }), [false, false, true, true])
  // Their shares of the entropy, likeliest first: .286 .282 .251 .180.
  assert.equal(kept({ topH: 0.2 }), [false, false, false, true])
  assert.equal(kept({ topH: 0.6 }), [false, false, true, true])
  assert.equal(kept({ topH: 0.83 }), [false, true, true, true])
})

test('topK ranks downwards, the lower index first, and takes NaN for the least', () => {
  const { indices, values } = topK(Float32Array.of(3, 9, Number.NaN, 9, -1, 5), 4)
  assert.equal(
    [Array.from(indices), Array.from(values)],
    [
      [1, 3, 5, 0],
      [9, 9, 5, 3],
    ],
  )
  assert.equal(Array.from(topK(Float32Array.of(1, 2), 5).indices), [1, 0])
  const many = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * i))
  const sorted = Array.from(many.keys()).sort((a, b) => many[b]! - many[a]! || a - b)
  assert.equal(Array.from(topK(many, 50).indices), sorted.slice(0, 50))
  assert.is(argMax(many), sorted[0])
  assert.is(argMax(Float32Array.of(1, 5, 5)), 1)
})

test.run()
