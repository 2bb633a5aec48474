// Configs with wrong numbers: a result, or an error of saccade, soon. SACCADE_MUTATIONS=50000 tries all.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomFrom } from '../support/mutate.js'
import { allMutations, isExpected, tryMutation } from './mutations.js'

const count = Number(process.env.SACCADE_MUTATIONS ?? 150)
const seed = 8

test('a config with a wrong number gives a result or a coded error', async () => {
  const all = allMutations()
  assert.ok(all.length > 10_000, `${all.length} mutations`)
  const random = randomFrom(seed)
  let failed = 0
  for (const mutation of all) {
    if (random(all.length) >= count) continue
    const { model, file, key, value } = mutation
    const what = `${model}/${file}: ${key} = ${value}`
    const start = Date.now()
    const error = await tryMutation(mutation)
    assert.ok(isExpected(error), `${what}: ${error instanceof Error ? error.stack : String(error)}`)
    assert.ok(Date.now() - start < 5000, `${what} took ${Date.now() - start} ms`)
    if (error !== undefined) failed++
  }
  // Otherwise the mutations would not reach what the models read.
  assert.ok(failed > count / 10, `${failed} of about ${count} were refused`)
})

test.run()
