import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyMask, causalMask, type Mask, paddingMask, windowMask } from '../../lib/attention/index.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

/** The mask whose query i, which stands at place i + keys - queries, sees key j where `sees` says so. */
function table(queries: number, keys: number, sees: (place: number, key: number) => boolean): boolean[][] {
  return Array.from({ length: queries }, (_, query) =>
    Array.from({ length: keys }, (_, key) => sees(query + keys - queries, key)),
  )
}

const sizes = [
  [1, 1],
  [4, 4],
  [3, 8],
  [1, 5],
] as const

test('causal: no key after the query; the last query stands at the last key', async () => {
  for (const [queries, keys] of sizes)
    assert.equal(
      await causalMask(queries, keys).toArray(),
      table(queries, keys, (place, key) => key <= place),
    )
  assert.equal(causalMask(3).shape, [3, 3])
})

test('window: keys at most so many positions away', async () => {
  for (const [queries, keys] of sizes)
    for (const window of [0, 1, 3, 100])
      assert.equal(
        await windowMask(queries, keys, window).toArray(),
        table(queries, keys, (place, key) => Math.abs(place - key) <= window),
      )
})

test('padding: keys from the length on are not there', async () => {
  assert.equal(await paddingMask([0, 2, 3], 3).toArray(), [
    [[false, false, false]],
    [[true, true, false]],
    [[true, true, true]],
  ])
  const forHeads = paddingMask(Tensor.from([1, 2], [2, 1], 'int32'), 2)
  assert.equal(forHeads.shape, [2, 1, 1, 2])
  assert.equal(await forHeads.toArray(), [[[[true, false]]], [[[true, true]]]])
})

test('masks are combined by logical and', async () => {
  const both = ops.logicalAnd(causalMask(5), windowMask(5, 5, 1))
  assert.equal(
    await both.toArray(),
    table(5, 5, (place, key) => key === place || key === place - 1),
  )
  const batch = ops.logicalAnd(causalMask(3), paddingMask([1, 3], 3))
  assert.equal(batch.shape, [2, 3, 3])
  assert.equal(await ops.select(batch, 0, 0).toArray(), [
    [true, false, false],
    [true, false, false],
    [true, false, false],
  ])
})

test('applyMask makes hidden similarities -Infinity and leaves the others alone', async () => {
  const similarity = Tensor.from([1, 2, 3, 4], [2, 2])
  assert.equal(await applyMask(similarity, causalMask(2)).toArray(), [
    [1, Number.NEGATIVE_INFINITY],
    [3, 4],
  ])
})

test('what does not fit is an error that names it', async () => {
  await rejects(() => causalMask(0), 'OPTION_INVALID', /causalMask: queries: .* got 0/)
  await rejects(() => causalMask(5, 3), 'OPTION_INVALID', /causalMask: keys: .* at least 5, got 3/)
  await rejects(() => windowMask(2, 2, -1), 'OPTION_INVALID', /window: .* got -1/)
  await rejects(() => windowMask(2, 2, 1.5), 'OPTION_INVALID', /window: .* got 1.5/)
  await rejects(() => paddingMask([4], 3), 'INDEX_OUT_OF_RANGE', /lengths: .* from 0 to 3.*, got 4/)
  await rejects(() => paddingMask([1.5], 3), 'INDEX_OUT_OF_RANGE', /got 1.5/)
  await rejects(
    () => paddingMask(Tensor.zeros([2]) as unknown as Tensor<'int32'>, 3),
    'DTYPE_MISMATCH',
    /paddingMask: lengths: expected int32/,
  )
  const similarity = Tensor.zeros([2, 2])
  await rejects(
    () => applyMask(similarity, paddingMask([1, 1], 2)),
    'SHAPE_MISMATCH',
    /mask: expected a shape that broadcasts .* got \[2, 1, 2\]/,
  )
  await rejects(
    () => applyMask(similarity, causalMask(3) as Mask),
    'SHAPE_MISMATCH',
    /applyMask: expected shapes that broadcast/,
  )
  await rejects(
    () => applyMask(similarity, Tensor.ones([2, 2]) as unknown as Mask),
    'DTYPE_MISMATCH',
    /applyMask: mask: expected bool/,
  )
})

test.run()
