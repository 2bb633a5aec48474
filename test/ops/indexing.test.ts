import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../../lib/graph/dtype.js'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { assertSame, at, fill, nd, Random, strided, tensor } from './reference.js'

test('gather selects entries of any axis of any type, by indices of any shape', async () => {
  const random = new Random(1)
  for (let rank = 1; rank <= 6; rank++) {
    for (let round = 0; round < 5; round++) {
      const table = random.integers(random.shape(rank, 300), -99, 99)
      const axis = random.below(rank)
      const indices = random.integers(
        random.shape(random.below(8 - rank + 2), 40, [1, 2, 3]),
        0,
        table.shape[axis]! - 1,
      )
      const shape = [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)]
      const expected = fill(shape, (place) => {
        const index = at(indices, place.slice(axis, axis + indices.shape.length))
        return at(table, [...place.slice(0, axis), index, ...place.slice(axis + indices.shape.length)])
      })
      const dtype = random.pick<DType>(['float32', 'int32', 'int64'])
      const taken = ops.gather(
        strided(random, table, dtype),
        strided(random, indices, random.pick(['int32', 'int64'])),
        axis - (random.below(2) ? rank : 0),
      )
      await assertSame(taken, expected, `gather axis ${axis} of [${table.shape}] by [${indices.shape}]`)
    }
  }
})

test('gather of halves, bytes and truth values; NaN is copied', async () => {
  const order = Tensor.from([2, 0], [2], 'int32')
  const x = Tensor.from([1.5, NaN, -2])
  assert.equal(await ops.gather(ops.cast(x, 'float16'), order).toArray(), [-2, 1.5])
  assert.equal(await ops.gather(ops.cast(x, 'bfloat16'), order).toArray(), [-2, 1.5])
  assert.equal(await ops.gather(Tensor.from(Uint8Array.of(7, 8, 9)), order).toArray(), [9, 7])
  assert.equal(await ops.gather(Tensor.from([true, false, false]), order).toArray(), [false, true])
  await assertSame(ops.gather(x, Tensor.from([1], [1], 'int32')), nd([1], [NaN]), 'NaN')
  await assertSame(ops.gather(x, Tensor.zeros([0, 2], 'int32')), nd([0, 2], []), 'no indices')
  await assertSame(ops.gather(Tensor.zeros([3, 0]), order), nd([2, 0], []), 'an empty row')
})

test('an index outside the axis is an error when it is computed', async () => {
  const table = Tensor.from([1, 2, 3])
  for (const index of [3, -1, 2 ** 31 - 1, -(2 ** 31)])
    await rejects(
      () => ops.gather(table, Tensor.from([0, index], [2], 'int32')).data(),
      'INDEX_OUT_OF_RANGE',
      /gather/,
    )
  // Not 0 or 1, as the lower 32 bits say.
  for (const index of [2n ** 32n, -(2n ** 32n) + 1n, 2n ** 62n])
    await rejects(() => ops.gather(table, Tensor.from([index])).data(), 'INDEX_OUT_OF_RANGE', /gather/)
  await rejects(
    () => ops.gather(Tensor.zeros([0, 2]), Tensor.zeros([1], 'int32')),
    'INDEX_OUT_OF_RANGE',
    /elements on axis/,
  )
  assert.equal(await ops.gather(table, Tensor.from([2n])).toArray(), [3], 'later calls are not affected')
})

test('wrong arguments of gather', async () => {
  const table = Tensor.zeros([2, 3] as number[])
  const floats = Tensor.from([1]) as unknown as Tensor<'int32'>
  await rejects(() => ops.gather(table, floats), 'DTYPE_MISMATCH', /gather: indices: expected int32 or int64/)
  await rejects(
    () => ops.gather(table, Tensor.zeros([1], 'int32'), 2),
    'SHAPE_MISMATCH',
    /gather: .* got axis 2/,
  )
  const deep = Tensor.zeros([1, 1, 1, 1, 1, 1, 1, 1] as number[], 'int32')
  await rejects(() => ops.gather(table, deep), 'SHAPE_MISMATCH', /at most 8 axes, got 9/)
})

/** A cache [B, H, capacity, D] of -1 that lies in memory. */
async function cacheOf(shape: readonly [number, number, number, number]): Promise<ops.FloatTensor> {
  const cache = Tensor.full(shape, -1)
  await evaluate([cache])
  return cache
}

const place = (at: number) => Tensor.from([at], [1], 'int32')

test('update writes rows in place and leaves the others', async () => {
  const random = new Random(2)
  const shape = [2, 3, 7, 5] as const
  let cache = await cacheOf(shape)
  let expected = fill(shape, () => -1)
  for (const [start, count] of [
    [0, 2],
    [2, 1],
    [5, 2],
    [1, 3],
    [7, 0],
  ] as const) {
    const values = random.numbers([2, 3, count, 5])
    const old = expected
    expected = fill(shape, ([b, h, n, d]) =>
      n! >= start && n! < start + count
        ? at(values, [b!, h!, n! - start, d!])
        : at({ ...old }, [b!, h!, n!, d!]),
    )
    const next = ops.update(cache, count ? strided(random, values) : tensor(values), place(start))
    await assertSame(next, expected, `rows ${start} to ${start + count}`)
    cache = next
  }
})

test('each row of the batch can have its own position', async () => {
  const cache = await cacheOf([3, 2, 5, 1])
  const values = Tensor.from([1, 2, 3, 4, 5, 6], [3, 2, 1, 1])
  const next = ops.update(cache, values, Tensor.from(Int32Array.of(4, 0, 2), [3], 'int32'))
  const written = (at: number, value: number) =>
    Array.from({ length: 5 }, (_, index) => [index === at ? value : -1])
  assert.equal(await next.toArray(), [
    [written(4, 1), written(4, 2)],
    [written(0, 3), written(0, 4)],
    [written(2, 5), written(2, 6)],
  ])
  const outside = ops.update(next, values, Tensor.from(Int32Array.of(4, 5, 2), [3], 'int32'))
  await rejects(() => outside.data(), 'INDEX_OUT_OF_RANGE', /update/)
})

test('readers of the result see it, in the same computation', async () => {
  const cache = await cacheOf([1, 1, 3, 2])
  const next = ops.update(cache, Tensor.from([1, 2], [1, 1, 1, 2]), place(1))
  const sum = ops.sum(next)
  const row = ops.slice(next, { axis: 2, start: 1, end: 2 })
  await evaluate([sum, row, next])
  assert.is(await sum.item(), -1)
  assert.equal(await row.toArray(), [[[[1, 2]]]])
})

test('a view of the result has memory of its own, which later updates leave alone', async () => {
  const cache = await cacheOf([1, 1, 3, 1])
  const next = ops.update(cache, Tensor.from([5], [1, 1, 1, 1]), place(0))
  const flat = ops.reshape(next, [3])
  await evaluate([next, flat])
  const last = ops.update(next, Tensor.from([7], [1, 1, 1, 1]), place(1))
  assert.equal([...(await last.data())], [5, 7, -1])
  assert.equal(await flat.toArray(), [5, -1, -1])
})

test('the computation consumes the cache', async () => {
  const cache = await cacheOf([1, 1, 2, 1])
  const reader = ops.add(cache, 1)
  const next = ops.update(cache, Tensor.from([5], [1, 1, 1, 1]), place(0))
  await evaluate([next])
  await rejects(() => reader.data(), 'DISPOSED', /float32\[1, 1, 2, 1\] .* was consumed by update\(\)/)
  await rejects(() => cache.data(), 'DISPOSED', /was disposed|consumed/)
  cache.dispose()
  assert.equal(await next.toArray(), [[[[5], [-1]]]], 'the result stays')
})

test('a call that comes too late for the cache says so', async () => {
  const width = 256
  const weight = constantFrom(new Float32Array(width * width).fill(1), [width, width], 'float32')
  const read = (cache: ops.FloatTensor) => ops.matmul(ops.reshape(cache, [1, width]), weight).data()
  const write = (cache: ops.FloatTensor) => ops.update(cache, Tensor.ones([1, 1, 1, 1]), place(0)).data()
  await write(await cacheOf([1, 1, width, 1]))
  const cache = await cacheOf([1, 1, width, 1])
  // The reader's weight has to be packed first, the writer's program is there.
  const [reader, writer] = await Promise.allSettled([read(cache), write(cache)])
  assert.is(writer.status, 'fulfilled')
  if (reader.status === 'fulfilled') assert.is(reader.value[0], -width)
  else assert.match(String(reader.reason.message), /consumed by update/)
})

test('another reader of the cache is an error, and so is a result that is not computed', async () => {
  const cache = await cacheOf([1, 1, 2, 1])
  const values = Tensor.from([5], [1, 1, 1, 1])
  const next = ops.update(cache, values, place(0))
  const code = 'INPUT_INVALID'
  await rejects(
    () => evaluate([ops.add(cache, 1), next]),
    code,
    /cache \[1, 1, 2, 1\]: expected no other reader/,
  )
  await rejects(() => evaluate([ops.reshape(cache, [2]), next]), code, /no other reader/)
  await rejects(() => evaluate([ops.add(next, cache)]), code, /no other reader/)
  await rejects(() => evaluate([next, ops.update(cache, values, place(1))]), code, /no other reader/)
  await rejects(() => evaluate([ops.sum(next)]), code, /result of the update among the computed tensors/)
  assert.equal(await cache.toArray(), [[[[-1], [-1]]]], 'the cache is as it was')
  assert.equal(await next.toArray(), [[[[5], [-1]]]])
})

test('a failed computation leaves the cache to be used', async () => {
  const cache = await cacheOf([1, 1, 2, 1])
  const values = Tensor.from([5], [1, 1, 1, 1])
  for (const at of [2, -1])
    await rejects(() => ops.update(cache, values, place(at)).data(), 'INDEX_OUT_OF_RANGE', /update/)
  assert.equal(await ops.update(cache, values, place(1)).toArray(), [[[[-1], [5]]]])
})

test('wrong arguments of update', async () => {
  const cache = await cacheOf([1, 2, 3, 4])
  const lazy = Tensor.zeros([1, 2, 3, 4] as number[])
  const values = Tensor.zeros([1, 2, 1, 4] as number[])
  await rejects(
    () => ops.update(lazy, values, place(0)),
    'INPUT_INVALID',
    /update: cache: expected a computed tensor/,
  )
  for (const shape of [
    [1, 2, 4, 4],
    [1, 1, 1, 4],
    [1, 2, 1, 3],
  ])
    await rejects(
      () => ops.update(cache, Tensor.zeros(shape), place(0)),
      'SHAPE_MISMATCH',
      /the cache's shape \[1, 2, 3, 4\]/,
    )
  await rejects(
    () => ops.update(cache, values, Tensor.zeros([2], 'int32')),
    'SHAPE_MISMATCH',
    /at: expected \[1\]/,
  )
  const ints = Tensor.zeros([1, 2, 1, 4], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.update(cache, ints, place(0)), 'DTYPE_MISMATCH', /update: values: expected float32/)
})

test.run()
