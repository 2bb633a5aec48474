import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Random } from '../../lib/generation/random.js'
import { generate, TableStepper, ToyStepper } from './toy-stepper.js'

test('one seed gives one text, another seed another', async () => {
  const run = async (seed: number) =>
    (
      await generate(new ToyStepper(30, 1, [1]), {
        decoderStartTokenId: 0,
        maxLength: 20,
        doSample: true,
        seed,
      })
    ).sequences
  assert.equal(await run(7), await run(7))
  assert.not.equal(await run(7), await run(8))
  assert.not.equal(await run(7), await run(7 + 2 ** 32))
})

test('sequences of one source differ, and do not depend on how many there are', async () => {
  const run = async (numReturnSequences: number) =>
    (
      await generate(new ToyStepper(30, 1, [1]), {
        decoderStartTokenId: 0,
        maxLength: 12,
        doSample: true,
        seed: 3,
        numReturnSequences,
      })
    ).sequences
  const four = await run(4)
  assert.is(new Set(four.map(String)).size, 4)
  assert.equal((await run(2)).map(String), four.slice(0, 2).map(String))
})

test('tokens come as often as they are likely', async () => {
  const weights = [1, 2, 3, 4]
  const { sequences } = await generate(new TableStepper([weights.map(Math.log)]), {
    prompts: [[0]],
    maxNewTokens: 20_000,
    doSample: true,
    topK: 0,
    seed: 1,
  })
  const counts = [0, 0, 0, 0]
  for (const token of sequences[0]!.slice(1)) counts[token]!++
  // Five standard deviations of a binomial with p = 0.4 are 346.
  weights.forEach((weight, token) => {
    assert.ok(Math.abs(counts[token]! - weight * 2000) < 346, String(counts))
  })
})

test('top-k of one is greedy', async () => {
  const options = { decoderStartTokenId: 0, maxLength: 20, eosTokenId: 3 }
  const greedy = await generate(new ToyStepper(30, 1, [1]), options)
  const sampled = await generate(new ToyStepper(30, 1, [1]), { ...options, doSample: true, topK: 1, seed: 5 })
  assert.equal(sampled.sequences, greedy.sequences)
})

test('sampled beams keep to the vocabulary, repeat with the seed, and are ranked', async () => {
  const run = async (seed: number) =>
    await generate(new ToyStepper(30, 1, [1, 2]), {
      sources: 2,
      decoderStartTokenId: 0,
      eosTokenId: 3,
      maxLength: 8,
      numBeams: 3,
      numReturnSequences: 3,
      doSample: true,
      seed,
    })
  const first = await run(1)
  assert.equal(await run(1), first)
  assert.not.equal((await run(2)).sequences, first.sequences)
  for (const from of [0, 3]) {
    const scores = first.sequencesScores!.slice(from, from + 3)
    assert.equal(
      scores,
      [...scores].sort((a, b) => b - a),
    )
  }
})

test('the generator is uniform and its streams are apart', () => {
  const random = new Random(5)
  const bins = new Array<number>(16).fill(0)
  for (let i = 0; i < 64_000; i++) bins[Math.floor(random.next() * 16)]!++
  const chi = bins.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0)
  // 15 degrees of freedom: 37.7 is passed once in a thousand seeds.
  assert.ok(chi < 37.7, String(chi))
  assert.not.equal(new Random(5, 1).next(), new Random(5, 0).next())
  assert.is(new Random(5).next(), new Random(5).next())
})

test.run()
