import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const file = fileURLToPath(new URL('./children/collected.ts', import.meta.url))
const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', file], {
  env: { ...process.env, NODE_OPTIONS: '' },
})
const report = JSON.parse(stdout) as Record<string, number>

/** Some of what was reported. */
const reported = (...names: string[]) => Object.fromEntries(names.map((name) => [name, report[name]]))

test('a tensor holds its elements and no more, until it is disposed of', () => {
  assert.equal(reported('before', 'given', 'lazy', 'computed', 'operandGone', 'allGone'), {
    ...{ before: 0, given: 4000, lazy: 4000 },
    ...{ computed: 8000, operandGone: 4000, allGone: 0 },
  })
})

test('only the result has the memory of an overwritten cache', () => {
  assert.equal(reported('updated', 'updateGone'), { updated: 4000, updateGone: 0 })
})

test('using lets go at the end of the block, but the calls that are made keep what they need', () => {
  // What is left is the sum.
  assert.equal(reported('used', 'afterUsing'), { used: 5000, afterUsing: 4 })
})

test('a repeated number takes no memory of the size it is repeated to', () => {
  assert.equal(reported('repeated', 'afterRepeat'), { repeated: 1e6, afterRepeat: 4 })
})

test('what is collected gives its memory back: tensors, weights and the programs that hold them', () => {
  // Megabytes.
  assert.equal(reported('tensors', 'tensorsCollected', 'result', 'weights', 'weightsCollected'), {
    ...{ tensors: 40, tensorsCollected: 0 },
    ...{ result: 1024, weights: 4, weightsCollected: 0 },
  })
})

test.run()
