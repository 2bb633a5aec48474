import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { range } from './reference.js'

interface Report {
  readonly arena: number
  readonly extra: number
  readonly output: readonly number[]
  readonly weights: readonly number[]
}

test('attention of 12 heads over 16384 positions takes less than 200 MB, and its result is right', async () => {
  const file = fileURLToPath(new URL('./children/long-attention.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const { arena, extra, output, weights } = JSON.parse(stdout) as Report
  // The result alone is 50 MB; the weights would be 12 GB.
  assert.ok(
    extra < 200e6,
    `${Math.round(extra / 1e6)} MB extra, of which ${Math.round(arena / 1e6)} MB arena`,
  )

  const value = (place: number, d: number) => Math.fround(Math.sin(place * 64 + d))
  const scores = range(16384).map(
    (place) => range(64).reduce((sum, d) => sum + value(16383, d) * value(place, d), 0) / 8,
  )
  const most = scores.reduce((a, b) => Math.max(a, b))
  const exponentials = scores.map((score) => Math.exp(score - most))
  const total = exponentials.reduce((sum, e) => sum + e, 0)
  const farthest = weights.map((weight, place) => Math.abs(weight - exponentials[place]! / total))
  assert.ok(Math.max(...farthest) < 1e-7, 'weights of the last query')
  range(64).forEach((d) => {
    const expected = exponentials.reduce((sum, e, place) => sum + (e / total) * value(place, d), 0)
    assert.ok(Math.abs(output[d]! - expected) < 1e-5, `column ${d}: ${output[d]}, expected ${expected}`)
  })
})

test.run()
