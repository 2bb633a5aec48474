import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asBool, causalCall, checkMask, notLater, paddingMask } from '../../lib/nn/mask.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { sameBits } from '../models/bits.js'
import { assertSame, fill, nd } from '../ops/reference.js'
import { rejects } from '../support/errors.js'

const lowest = -3.4028234663852886e38
const [B, N] = [2, 4]
const kept = [1, 1, 0, 0, 1, 1, 1, 0]

test('padding gets the lowest score, whatever the type of the mask', async () => {
  const expected = fill([B, 1, 1, N], ([b, , , key]) => (kept[b! * N + key!] ? 0 : lowest))
  for (const dtype of ['int64', 'int32', 'uint8', 'bool'] as const)
    await assertSame(paddingMask(Tensor.from(kept, [B, N], dtype)), expected, dtype)
})

test('a causal mask hides later keys, too', async () => {
  const expected = fill([B, 1, N, N], ([b, , query, key]) =>
    kept[b! * N + key!] && key! <= query! ? 0 : lowest,
  )
  const mask = paddingMask(Tensor.from(kept, [B, N], 'int64'), { causal: true })
  await assertSame(mask, expected, 'causal')
})

test('a decoder attends neither to later positions nor to padding', async () => {
  const mask = Tensor.from(kept, [B, N], 'int64')
  assert.equal(causalCall(undefined), { causal: true })
  const { mask: both, causal } = causalCall(mask)
  assert.is(causal, undefined)
  await sameBits(both!, paddingMask(mask, { causal: true }), 'with padding')
})

test('a mask for each query', async () => {
  const each = fill([B, 3, N], ([b, query, key]) => (b! + query! + key!) % 2)
  const expected = fill([B, 1, 3, N], ([b, , query, key]) => ((b! + query! + key!) % 2 ? 0 : lowest))
  await assertSame(paddingMask(Tensor.from([...each.data], [B, 3, N], 'int64')), expected, 'queries')
})

test('masks as booleans', async () => {
  await assertSame(asBool(Tensor.from([2, 0, -1], [3], 'int64')), nd([3], [1, 0, 1]), 'not 0')
  await assertSame(notLater(3), nd([3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1]), 'at or before')
})

test('a mask that does not fit is named', async () => {
  const shapes = [
    [2, 4],
    [2, 4, 4],
  ]
  checkMask(Tensor.zeros([2, 4, 4], 'bool'), shapes, 'attentionMask')
  await rejects(
    () => checkMask(Tensor.zeros([2, 5], 'int64'), shapes, 'attentionMask'),
    'SHAPE_MISMATCH',
    /attentionMask: expected \[2, 4\] or \[2, 4, 4\], got \[2, 5\]/,
  )
  const floats = Tensor.zeros([2, 4]) as unknown as Tensor<'bool'>
  await rejects(() => checkMask(floats, shapes, 'attentionMask'), 'DTYPE_MISMATCH', /attentionMask/)
})

test.run()
