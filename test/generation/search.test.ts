import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softmax, softmaxOfRows } from '../../lib/generation/probability.js'
import { kthLargest, topK, topKOfRows } from '../../lib/generation/top-k.js'
import { Turns } from '../../lib/turns.js'
import { rejects } from '../support/errors.js'
import { generate, TableStepper, ToyStepper } from './toy-stepper.js'

function logProbabilities(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits)
  const sum = values.reduce((total, value) => total + Math.exp(value), 0)
  return values.map((value) => value - Math.log(sum))
}

/** All complete sequences with their log probabilities, by brute force. */
function enumerate(
  stepper: ToyStepper,
  source: number,
  prompt: number[],
  eos: number,
  maxLength: number,
): { sequence: number[]; score: number }[] {
  const found: { sequence: number[]; score: number }[] = []
  const walk = (sequence: number[], score: number): void => {
    if (sequence.length === maxLength || (sequence.length > prompt.length && sequence.at(-1) === eos)) {
      found.push({ sequence, score })
      return
    }
    logProbabilities(stepper.next(sequence, source)).forEach((p, token) => {
      walk([...sequence, token], score + p)
    })
  }
  walk(prompt, 0)
  return found.sort((a, b) => b.score - a.score)
}

test('greedy search takes the most likely token at every step', async () => {
  const stepper = new ToyStepper(13, 4, [5, 6])
  const options = { sources: 2, decoderStartTokenId: 12, eosTokenId: 0, padTokenId: 11, maxLength: 12 }
  const { sequences } = await generate(stepper, options)
  const expected = [0, 1].map((source) => {
    const sequence = [12]
    while (sequence.length < 12 && (sequence.length === 1 || sequence.at(-1) !== 0)) {
      const logits = Array.from(stepper.next(sequence, source))
      sequence.push(logits.indexOf(Math.max(...logits)))
    }
    return sequence
  })
  const longest = Math.max(...expected.map((sequence) => sequence.length))
  assert.equal(
    sequences,
    expected.map((sequence) => [...sequence, ...new Array<number>(longest - sequence.length).fill(11)]),
  )
})

test('a beam as wide as the tree finds the best sequences of all', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const stepper = new ToyStepper(4, seed, [seed])
    const { sequences, sequencesScores } = await generate(stepper, {
      decoderStartTokenId: 3,
      eosTokenId: 0,
      padTokenId: 2,
      maxLength: 5,
      numBeams: 64,
      numReturnSequences: 10,
      lengthPenalty: 0,
      earlyStopping: 'never',
    })
    const best = enumerate(stepper, 0, [3], 0, 5).slice(0, 10)
    best.forEach(({ sequence, score }, i) => {
      assert.equal(sequences[i]!.slice(0, sequence.length), sequence)
      assert.ok(Math.abs(sequencesScores![i]! - score) < 1e-5)
    })
  }
})

test('scores are log probabilities over the generated length to the power of the penalty', async () => {
  const stepper = new ToyStepper(9, 8, [1])
  for (const lengthPenalty of [0, 0.6, 1, 2]) {
    const { sequences, sequencesScores } = await generate(stepper, {
      decoderStartTokenId: 8,
      eosTokenId: 0,
      padTokenId: 8,
      maxLength: 7,
      numBeams: 3,
      numReturnSequences: 3,
      lengthPenalty,
    })
    sequences.forEach((sequence, i) => {
      const end = sequence.indexOf(0)
      const length = end < 0 ? sequence.length : end + 1
      let sum = 0
      for (let k = 1; k < length; k++)
        sum += logProbabilities(stepper.next(sequence.slice(0, k), 0))[sequence[k]!]!
      assert.ok(Math.abs(sequencesScores![i]! - sum / (length - 1) ** lengthPenalty) < 1e-5)
    })
  }
})

test('raw logits come before any processing, one array a step', async () => {
  const table = [
    [0, 1, 2],
    [2, 1, 0],
  ]
  const { sequences, stepLogits } = await generate(new TableStepper(table), {
    prompts: [[1]],
    maxNewTokens: 2,
    suppressTokens: [2],
    returnLogits: true,
  })
  assert.equal(sequences, [[1, 1, 0]])
  assert.equal(
    stepLogits!.map((logits) => Array.from(logits)),
    table,
  )
})

test('tokens come as they are chosen, row by row, and end with the row', async () => {
  const options = { sources: 2, decoderStartTokenId: 12, eosTokenId: 0, padTokenId: 11, maxLength: 12 }
  const events: [number, number][] = []
  const { sequences, lengths } = await generate(new ToyStepper(13, 4, [5, 6]), {
    ...options,
    onToken: ({ row, token }) => events.push([row, token]),
  })
  for (const row of [0, 1]) {
    const tokens = events.filter(([r]) => r === row).map(([, token]) => token)
    const end = sequences[row]!.indexOf(0)
    assert.equal(tokens, sequences[row]!.slice(1, end < 0 ? undefined : end + 1))
    assert.is(lengths[row], 1 + tokens.length)
  }
})

test('prompts of different lengths give what each gives alone, and count their own length', async () => {
  const prompts = [[12, 3, 4, 5], [12], [12, 7]]
  for (const options of [
    { eosTokenId: 0, padTokenId: 11, maxLength: 9 },
    { eosTokenId: 0, padTokenId: 11, maxLength: 9, minLength: 7, noRepeatNgramSize: 2, forcedEosTokenId: 0 },
    { eosTokenId: 0, padTokenId: 11, maxNewTokens: 6, numBeams: 3, numReturnSequences: 2 },
    { eosTokenId: 0, padTokenId: 11, maxLength: 9, numBeams: 3, earlyStopping: 'never' as const },
  ]) {
    const together = await generate(new ToyStepper(13, 4, [5, 6, 7]), { ...options, prompts })
    const perPrompt = together.sequences.length / prompts.length
    for (const [index, prompt] of prompts.entries()) {
      const alone = await generate(new ToyStepper(13, 4, [5 + index]), { ...options, prompts: [prompt] })
      alone.sequences.forEach((sequence, k) => {
        const row = together.sequences[index * perPrompt + k]!
        assert.equal(row.slice(0, sequence.length), sequence, JSON.stringify(options))
        assert.is(together.lengths[index * perPrompt + k], alone.lengths[k])
        assert.ok(row.slice(sequence.length).every((token) => token === 11))
        assert.is(together.sequencesScores?.[index * perPrompt + k], alone.sequencesScores?.[k])
      })
    }
  }
})

test('a listener that throws ends the generation', async () => {
  const stepper = new ToyStepper(13, 4, [5])
  const onToken = () => {
    throw new Error('enough')
  }
  try {
    await generate(stepper, { decoderStartTokenId: 12, maxLength: 12, onToken })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'enough')
  }
  assert.is(stepper.steps, 1)
})

test('an abort reaches the model', async () => {
  for (const numBeams of [1, 3]) {
    const controller = new AbortController()
    const stepper = new ToyStepper(9, 1, [1])
    const run = stepper.run.bind(stepper)
    stepper.run = async (signal) => {
      if (stepper.steps === 2) controller.abort()
      return await run(signal)
    }
    const call = { decoderStartTokenId: 8, maxLength: 50, numBeams, signal: controller.signal }
    try {
      await generate(stepper, call)
      assert.unreachable()
    } catch (error) {
      assert.is((error as { code: string }).code, 'ABORTED')
    }
    assert.is(stepper.steps, 2)
  }
})

test('NaN and infinite logits end in some text or in an error, not in an endless loop', async () => {
  const call = { decoderStartTokenId: 1, maxLength: 4, eosTokenId: 2 }
  const constant = (value: number) => new TableStepper([new Array<number>(5).fill(value)])
  // As in the reference, greedy search takes NaN for the largest number.
  for (const value of [Number.NaN, Infinity]) {
    const { sequences } = await generate(constant(value), call)
    assert.is(sequences.length, 1)
    for (const token of sequences[0]!) assert.ok(token >= 0 && token < 5)
    for (const options of [{ numBeams: 2 }, { doSample: true }, { doSample: true, numBeams: 2 }])
      await rejects(
        () => generate(constant(value), { ...call, ...options }),
        'OPTION_INVALID',
        /finite scores/,
      )
  }
  for (const options of [{}, { numBeams: 2 }, { doSample: true }])
    await rejects(() => generate(constant(-Infinity), { ...call, ...options }), 'OPTION_INVALID', /token 1/)
})

test('options that forbid every token are an error, unless a beam search has found a text', async () => {
  const table = () => new TableStepper([[1, 2, 3, 4, 5]])
  const call = { decoderStartTokenId: 1, maxLength: 6, eosTokenId: 2 }
  const all = { suppressTokens: [0, 1, 2, 3, 4] }
  for (const options of [{}, { numBeams: 2 }, { doSample: true, seed: 1 }])
    await rejects(
      () => generate(table(), { ...call, ...options, ...all }),
      'OPTION_INVALID',
      /generation, token 1: expected options that leave a token possible/,
    )
  // Only the end is possible: greedy search and the beams take it.
  for (const numBeams of [1, 2]) {
    const { sequences } = await generate(table(), { ...call, numBeams, suppressTokens: [0, 1, 3, 4] })
    assert.equal(sequences[0]!.slice(0, 2), [1, 2])
  }
})

test('the k largest values are the same by insertion and by sorting', () => {
  const random = (length: number) => Float32Array.from({ length }, () => Math.floor(Math.random() * 40) - 20)
  for (const length of [1100, 3000]) {
    const values = random(length)
    values.set([Number.NaN, Infinity, -Infinity, -Infinity], 17)
    const order = Array.from(values.keys()).sort((a, b) => {
      const [x, y] = [a, b].map((i) => (Number.isNaN(values[i]) ? -Infinity : values[i]!))
      return x === y ? a - b : y! - x!
    })
    for (const k of [1, 1024, 1025, length - 1, length, 2 * length]) {
      const { indices } = topK(values, k)
      assert.equal(Array.from(indices), order.slice(0, k), `${k} of ${length}`)
      const last = values[order[Math.min(k, length) - 1]!]!
      if (k <= length) assert.is(kthLargest(values, k), Number.isNaN(last) ? -Infinity : last)
    }
  }
})

test('the largest of many rows, of equal ones the first, with turns of the event loop', async () => {
  const values = Float32Array.from({ length: 40 * 5000 }, (_, i) =>
    i % 77 === 0 ? Number.NaN : (i * 7919) % 1000,
  )
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  for (const k of [1, 50, 2000])
    assert.equal(await topKOfRows(values, k, 5000, new Turns(0, undefined)), topK(values, k))
  const scores = values.map((value) => (value || 0) / 1000)
  assert.equal(await softmaxOfRows(scores, 5000, new Turns(0, undefined)), softmax(scores))
  clearInterval(timer)
  assert.ok(turns > 3, `${turns} turns`)
  const aborted = new Turns(0, AbortSignal.abort())
  await rejects(() => topKOfRows(values, 5, 5000, aborted), 'ABORTED', /aborted/)
})

test.run()
