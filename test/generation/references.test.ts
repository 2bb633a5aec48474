import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { generate, type ToyCall, ToyStepper } from './toy-stepper.js'

interface Reference {
  vocab: number
  seed: number
  sources: number[]
  options: Record<string, unknown>
  prompts: number[][] | null
  sequences: number[][]
  scores?: number[]
  steps: number
}

const path = new URL('../data/generation/searches.json', import.meta.url)
const references = JSON.parse(readFileSync(path, 'utf8')) as Reference[]

function callOf({ options, prompts, sources }: Reference): ToyCall {
  const camel = Object.entries(options).map(([key, value]) => [
    key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ])
  return { ...Object.fromEntries(camel), ...(prompts ? { prompts } : { sources: sources.length }) }
}

function stepperOf({ vocab, seed, sources, prompts }: Reference): ToyStepper {
  return new ToyStepper(vocab, seed, prompts ? sources.map(() => 0) : sources)
}

test('there are references of both kinds', () => {
  assert.ok(references.filter(({ scores }) => scores).length > 100)
  assert.ok(references.filter(({ scores }) => !scores).length > 40)
})

test('sequences, scores and the number of steps are those of transformers 4.57', async () => {
  for (const reference of references) {
    const stepper = stepperOf(reference)
    const { sequences, sequencesScores } = await generate(stepper, callOf(reference))
    const label = JSON.stringify(reference.options)
    assert.equal(sequences, reference.sequences, label)
    assert.is(stepper.steps, reference.steps, label)
    assert.is(sequencesScores?.length, reference.scores?.length, label)
    reference.scores?.forEach((score, i) => {
      assert.ok(Math.abs(sequencesScores![i]! - score) <= 2e-6 * Math.max(1, Math.abs(score)), label)
    })
  }
})

test('a source gives the same alone and in a batch', async () => {
  for (const reference of references.filter(({ sources, prompts }) => sources.length > 1 && !prompts)) {
    const { sequences } = await generate(stepperOf(reference), callOf(reference))
    const perSource = sequences.length / reference.sources.length
    for (const [i, source] of reference.sources.entries()) {
      const alone = await generate(stepperOf({ ...reference, sources: [source] }), {
        ...callOf(reference),
        sources: 1,
      })
      // Alone a row may end earlier; the batch has it padded further.
      alone.sequences.forEach((sequence, k) => {
        const inBatch = sequences[i * perSource + k]!
        assert.equal(inBatch.slice(0, sequence.length), sequence)
        assert.is(new Set(inBatch.slice(sequence.length)).size <= 1, true)
      })
    }
  }
})

test.run()
