import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decoder, Prompt } from '../../lib/generation/decoder.js'
import type { GenerationResult } from '../../lib/generation/generate.js'
import { listen } from '../../lib/generation/listen.js'
import type { GenerationOptions } from '../../lib/generation/options.js'
import { textPrompt } from '../../lib/generation/prompt.js'
import { type GenerationRun, runGeneration } from '../../lib/generation/run.js'
import * as ops from '../../lib/ops/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { defaultSession } from '../../lib/runtime/session.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { ToyDecoder, toyMemory, vocabSize } from './toy-decoder.js'

const run = (
  decoder: Decoder,
  prompt: Prompt,
  options: GenerationOptions,
  call: Omit<GenerationRun, 'session'> = {},
): Promise<GenerationResult> =>
  listen(
    runGeneration({ decoder, prompt }, options, { session: defaultSession, returnLogits: true, ...call }),
    {},
  )

const prompts = (...rows: number[][]): Prompt => ({ ids: rows.map((row) => Int32Array.from(row)) })

const even = [
  [3, 4, 5, 6, 7],
  [8, 9, 10, 11, 12],
]
const uneven = [[3, 4, 5, 6, 7], [8], [9, 10, 11]]

const searches: Record<string, GenerationOptions> = {
  greedy: { maxNewTokens: 12, eosTokenId: 5, padTokenId: 0 },
  sampling: { maxNewTokens: 12, eosTokenId: 5, doSample: true, seed: 4, numReturnSequences: 2, topK: 9 },
  beams: { maxNewTokens: 12, eosTokenId: 5, numBeams: 3, numReturnSequences: 2, padTokenId: 0 },
}

const bits = (logits: Float32Array) => Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength)

for (const [name, options] of Object.entries(searches)) {
  test(`${name}: a prompt at once and a token a step give the bits of runs without a cache`, async () => {
    for (const rows of [even, uneven, [[7]]]) {
      const cached = await run(new ToyDecoder(), prompts(...rows), options)
      const plain = await run(new ToyDecoder(), prompts(...rows), options, { useCache: false })
      assert.equal(cached.sequences, plain.sequences)
      assert.equal(cached.sequencesScores, plain.sequencesScores)
      assert.is(cached.stepLogits!.length, plain.stepLogits!.length)
      // What a row that has ended is fed does not matter, nor what becomes of it.
      if (rows === uneven) continue
      cached.stepLogits!.forEach((logits, step) => {
        assert.ok(bits(logits).equals(bits(plain.stepLogits![step]!)), `step ${step}`)
      })
    }
  })

  test(`${name}: a prompt gives the same bits alone and beside longer and shorter ones`, async () => {
    const together = await run(new ToyDecoder(), prompts(...uneven), { ...options, eosTokenId: 22 })
    const perPrompt = together.sequences.length / uneven.length
    for (const [index, row] of uneven.entries()) {
      // Rows of samples draw from streams of their own, counted through the batch.
      if (options.doSample && index > 0) break
      const alone = await run(new ToyDecoder(), prompts(row), { ...options, eosTokenId: 22 })
      for (let k = 0; k < perPrompt; k++) {
        const sequence = alone.sequences[k]!
        assert.equal(together.sequences[index * perPrompt + k]!.slice(0, sequence.length), sequence)
        assert.is(together.sequencesScores?.[index * perPrompt + k], alone.sequencesScores?.[k])
      }
      const rows = alone.stepLogits![0]!.length / vocabSize
      alone.stepLogits!.forEach((logits, step) => {
        const all = together.stepLogits![step]!.subarray(
          index * rows * vocabSize,
          (index + 1) * rows * vocabSize,
        )
        assert.ok(bits(all).equals(bits(logits)), `prompt ${index}, step ${step}`)
      })
    }
  })

  test(`${name}: with a memory, padded, for each source`, async () => {
    const make = () => new ToyDecoder(100, toyMemory())
    const cached = await run(make(), prompts(...even), { ...options, encoderNoRepeatNgramSize: 1 })
    const plain = await run(
      make(),
      prompts(...even),
      { ...options, encoderNoRepeatNgramSize: 1 },
      { useCache: false },
    )
    assert.equal(cached, plain)
    const other = await run(new ToyDecoder(), prompts(...even), options)
    assert.not.equal(cached.stepLogits![0], other.stepLogits![0])
  })

  test(`${name}: embeddings in front of the tokens are seen, and are no part of the text`, async () => {
    const decoder = new ToyDecoder()
    const withImage = async (rows: number[][], useCache: boolean) => {
      const longest = Math.max(...rows.map(({ length }) => length))
      const padded = rows.map((row) => [...row, ...new Array<number>(longest - row.length).fill(1)])
      const image = Tensor.from(
        Float32Array.from({ length: rows.length * 4 * 16 }, (_, i) => Math.sin(i % 64)),
        [rows.length, 4, 16],
      )
      const words = decoder.embed(
        Tensor.from(Int32Array.from(padded.flat()), [rows.length, longest], 'int32'),
      )
      const embeddings: ops.FloatTensor = ops.concat([image as ops.FloatTensor, words], 1)
      return await run(decoder, { ...prompts(...rows), embeddings }, options, { useCache })
    }
    const cached = await withImage(uneven, true)
    const plain = await withImage(uneven, false)
    assert.equal(cached.sequences, plain.sequences)
    assert.equal(cached.sequences[0]!.slice(0, 5), uneven[0])
    const bare = await run(decoder, prompts(...uneven), options)
    assert.not.equal(cached.stepLogits![0], bare.stepLogits![0])
  })
}

test('logits are those of the whole text in one run', async () => {
  const decoder = new ToyDecoder()
  const { sequences, stepLogits } = await run(decoder, prompts(even[0]!), searches.greedy!)
  const [tokens] = sequences as [number[]]
  const count = tokens.length
  const hidden = decoder.step(decoder.embed(Tensor.from(Int32Array.from(tokens), [1, count], 'int32')), {
    positions: Tensor.from(
      Int32Array.from({ length: count }, (_, i) => i),
      [1, count],
      'int32',
    ),
    keys: count,
    self: { causal: true },
    past: (_, present) => present,
  })
  const all = await decoder.logits(ops.reshape(hidden, [count, 16])).data()
  stepLogits!.forEach((logits, step) => {
    const first = (even[0]!.length - 1 + step) * vocabSize
    assert.ok(bits(logits).equals(bits(all.subarray(first, first + vocabSize))), `step ${step}`)
  })
})

test('the cache grows past its first positions, for a long prompt and for a long text', async () => {
  const long = Array.from({ length: 40 }, (_, i) => i % 20)
  const options = { maxNewTokens: 45, numBeams: 2 }
  const cached = await run(new ToyDecoder(), prompts(long, [1, 2]), options)
  assert.is(cached.sequences[0]!.length, 85)
  assert.equal(
    cached.sequences,
    (await run(new ToyDecoder(), prompts(long, [1, 2]), options, { useCache: false })).sequences,
  )
})

test('the default length is limited to the positions of the model', async () => {
  const { sequences } = await run(new ToyDecoder(12), prompts(even[0]!), {})
  assert.is(sequences[0]!.length, 12)
  await rejects(
    () => run(new ToyDecoder(12), prompts(even[0]!), { maxLength: 14 }),
    'TEXT_TOO_LONG',
    /maxLength/,
  )
  for (const useCache of [true, false])
    await rejects(
      () => run(new ToyDecoder(4), prompts(even[0]!), {}, { useCache }),
      'TEXT_TOO_LONG',
      /at most 4 tokens.*got 5/,
    )
})

test('a row that has ended at the last position does not stop the others', async () => {
  const decoder = new ToyDecoder(10)
  const prompt = () => prompts([3, 4, 5, 6, 7, 8, 9, 10], [8])
  const { sequences } = await run(decoder, prompt(), { maxLength: 10 })
  assert.equal(
    sequences.map((sequence) => sequence.length),
    [10, 10],
  )
  assert.equal(sequences, (await run(decoder, prompt(), { maxLength: 10 }, { useCache: false })).sequences)
})

test('padding on either side is not part of the prompt, and stays in the result', async () => {
  const ids = (rows: number[][]) => Tensor.from(rows.flat().map(BigInt), [2, 3]) as Tensor<'int64'>
  const options = { maxNewTokens: 4, padTokenId: 0, eosTokenId: 22 }
  const left = await textPrompt(
    ids([
      [0, 0, 7],
      [3, 4, 5],
    ]),
    undefined,
    options,
  )
  const right = await textPrompt(
    ids([
      [7, 1, 1],
      [3, 4, 5],
    ]),
    ids([
      [1, 0, 0],
      [1, 1, 1],
    ]),
    options,
  )
  assert.equal(left.ids, [Int32Array.of(7), Int32Array.of(3, 4, 5)])
  assert.equal(right.ids, left.ids)
  const fromLeft = (await run(new ToyDecoder(), left, options)).sequences
  const fromRight = (await run(new ToyDecoder(), right, options)).sequences
  assert.equal(fromLeft[0]!.slice(0, 3), [0, 0, 7])
  assert.equal(fromRight[0]!.slice(0, 3), [7, 1, 1])
  assert.equal(
    fromLeft.map((row) => row.slice(3)),
    fromRight.map((row) => row.slice(3)),
  )
  const ended = await textPrompt(
    ids([
      [0, 0, 7],
      [3, 4, 5],
    ]),
    undefined,
    { padTokenId: 0, eosTokenId: 0 },
  )
  assert.is(ended.ids[0]!.length, 3, 'a padding token that ends texts is no padding')
  await rejects(
    () =>
      textPrompt(
        ids([
          [3, 4, 5],
          [0, 0, 0],
        ]),
        undefined,
        options,
      ),
    'INPUT_INVALID',
    /row 1: expected a token to continue/,
  )
})

test('leaving the loop ends the generation, and nothing is left in memory', async () => {
  const memory = () => getRuntime().native.info().memory.buffers
  const leave = async () => {
    const input = { decoder: new ToyDecoder(100, toyMemory()), prompt: prompts(...even) }
    let steps = 0
    for await (const { tokens, isPrompt } of runGeneration(
      input,
      { maxNewTokens: 50 },
      { session: defaultSession },
    )) {
      if (isPrompt) assert.equal(tokens, even)
      if (++steps === 4) break
    }
    assert.is(steps, 4)
  }
  await leave()
  const before = memory()
  await leave()
  // The cache has 16384 bytes; small constants wait for the garbage collector.
  assert.ok(memory() < before + 1000, `${memory()} bytes after, ${before} before`)
})

test.run()
