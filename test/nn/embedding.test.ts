import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkTokens, checkTokenwise, Embedding } from '../../lib/nn/embedding.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { assertSame, at, fill, Random } from '../ops/reference.js'
import { rejects } from '../support/errors.js'
import { withReader } from './weights.js'

test('an embedding gives the row of each id', async () => {
  const table = new Random(1).numbers([9, 5])
  await withReader({ 'words.weight': table }, async (reader) => {
    const embedding = Embedding.read(reader, 'words', 9, 5)
    assert.is(embedding.entries, 9)
    await assertSame(
      embedding.first(4),
      fill([4, 5], (place) => at(table, place)),
      'first rows',
    )
    const ids = [3, 0, 8, 8, 1, 2]
    for (const dtype of ['int64', 'int32'] as const)
      await assertSame(
        embedding.forward(Tensor.from(ids, [2, 3], dtype) as Tensor<'int32'>),
        fill([2, 3, 5], ([row, place, column]) => at(table, [ids[row! * 3 + place!]!, column!])),
        dtype,
      )
  })
})

test('bad token ids are named before they are run', async () => {
  const check = (ids: Tensor<'int64'>, limit?: number) => () => checkTokens(ids, 'inputIds', 10, limit)
  const ids = (list: number[], shape: number[]) => Tensor.from(list, shape, 'int64') as Tensor<'int64'>
  await checkTokens(ids([0, 9], [1, 2]), 'inputIds', 10, 2)
  await rejects(
    check(ids([0, 1, 2, 10], [2, 2])),
    'TOKEN_OUT_OF_RANGE',
    /inputIds: expected ids from 0 to 9, got 10 at row 1/,
  )
  await rejects(check(ids([-1], [1, 1])), 'TOKEN_OUT_OF_RANGE', /got -1/)
  await rejects(check(ids([1, 2, 3], [1, 3]), 2), 'TEXT_TOO_LONG', /at most 2 tokens.*got 3 tokens/)
  await rejects(check(ids([], [0, 2])), 'EMPTY_BATCH', /\[0, 2\]/)
  await rejects(check(ids([1], [1])), 'SHAPE_MISMATCH', /got \[1\]/)
  const each = (list: number[], shape: number[]) => () => checkTokenwise(ids(list, shape), 'ids', 5, [2, 3])
  await each([0, 1, 4], [1, 3])()
  await each([0, 1, 4, 3, 2, 1], [2, 3])()
  await rejects(each([0, 1], [1, 2]), 'SHAPE_MISMATCH', /ids: expected \[2, 3\].*\[1, 2\]/)
  await rejects(each([0, 1, 2, 3, 4, 0, 1, 2, 3], [3, 3]), 'SHAPE_MISMATCH', /\[3, 3\]/)
  await rejects(each([0, 1, 5], [1, 3]), 'TOKEN_OUT_OF_RANGE', /ids: .* got 5/)
  const floats = Tensor.zeros([1, 2]) as unknown as Tensor<'int64'>
  await rejects(check(floats), 'DTYPE_MISMATCH', /inputIds: expected int64 or int32/)
})

test.run()
