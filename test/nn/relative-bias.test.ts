import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positionIds } from '../../lib/nn/position.js'
import { RelativeBias, type RelativeBuckets, relativeBucket } from '../../lib/nn/relative-bias.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { assertSame, at, fill, Random } from '../ops/reference.js'
import { withReader } from './weights.js'

/** What transformers 5.18 on torch 2.13 gives from -3 * maxDistance on: each distance at which the bucket changes. */
const cases: readonly (RelativeBuckets & { changes: readonly (readonly [number, number])[] })[] = JSON.parse(
  readFileSync(new URL('../data/nn/relative-buckets.json', import.meta.url), 'utf8'),
)

test('distances fall into the buckets of T5', () => {
  assert.ok(cases.length >= 6)
  for (const { changes, ...options } of cases) {
    let distance = changes[0]![0]
    for (const [index, [, bucket]] of changes.entries())
      for (const end = changes[index + 1]?.[0] ?? 3 * options.maxDistance; distance < end; distance++)
        assert.is(relativeBucket(distance, options), bucket, `${distance} of ${JSON.stringify(options)}`)
  }
})

for (const bidirectional of [true, false])
  test(`a bias for each head, query and key; bidirectional: ${bidirectional}`, async () => {
    const heads = 3
    const options = { buckets: 8, maxDistance: 20, bidirectional }
    const weight = new Random(1).numbers([8, heads])
    await withReader({ 'relative.weight': weight }, async (reader) => {
      const bias = RelativeBias.read(reader, 'relative', heads, options)
      const bucket = (query: number, key: number) => relativeBucket(key - query, options)
      await assertSame(
        bias.forward(positionIds(30), positionIds(50)),
        fill([heads, 30, 50], ([h, i, j]) => at(weight, [bucket(i!, j!), h!])),
        'all positions',
      )
      await assertSame(
        bias.forward(Tensor.from([17], [1], 'int32'), positionIds(32)),
        fill([heads, 1, 32], ([h, , j]) => at(weight, [bucket(17, j!), h!])),
        'one query, as in a step of decoding',
      )
      const positions = [4, 5, 40, 41]
      await assertSame(
        bias.forward(Tensor.from(positions, [2, 2], 'int32'), positionIds(48)),
        fill([2, heads, 2, 48], ([b, h, i, j]) => at(weight, [bucket(positions[2 * b! + i!]!, j!), h!])),
        'queries that differ by sequence',
      )
    })
  })

test.run()
