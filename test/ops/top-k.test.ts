import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

/** NaN is the largest; of equal elements the first. */
function expected(row: readonly number[], k: number): number[] {
  const rank = (value: number) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value)
  const better = (a: number, b: number) =>
    Number(Number.isNaN(row[b]!)) - Number(Number.isNaN(row[a]!)) || rank(row[b]!) - rank(row[a]!) || a - b
  return row
    .map((_, index) => index)
    .sort((a, b) => better(a, b) || a - b)
    .slice(0, k)
}

let state = 7
const whole = (below: number) => {
  state = (state * 48271) % 2147483647
  return state % below
}

async function agrees(rows: readonly (readonly number[])[], x: ops.FloatTensor, k: number): Promise<void> {
  const { values, indices } = ops.topK(x, k)
  assert.is(indices.dtype, 'int32')
  const [gotValues, gotIndices] = [await values.toArray(), await indices.toArray()] as number[][][]
  for (const [index, row] of rows.entries()) {
    const want = expected(row, k)
    assert.equal(gotIndices![index], want)
    assert.equal(
      gotValues![index],
      want.map((at) => row[at]!),
    )
  }
}

test('the largest elements of rows, with many ties, for all k of ragged lengths', async () => {
  for (const length of [1, 2, 7, 64, 301])
    for (const k of [1, 2, 3, 7, 64, 300, 301].filter((each) => each <= length)) {
      const rows = Array.from({ length: 3 }, () => Array.from({ length }, () => whole(20) - 10))
      await agrees(rows, Tensor.from(rows.flat(), [3, length], 'float32'), k)
    }
})

test('NaN is larger than Infinity, and zeros of both signs are equal', async () => {
  const rows = [
    [0, -0, Number.NaN, Infinity, Number.NaN, -Infinity],
    [-Infinity, -Infinity, Number.NaN, -0, 0, 1],
  ]
  for (const k of [1, 2, 3, 6]) await agrees(rows, Tensor.from(rows.flat(), [2, 6], 'float32'), k)
})

test('the last axis of a tensor of any rank and strides', async () => {
  const data = Array.from({ length: 2 * 3 * 5 }, () => whole(9))
  const x = Tensor.from(data, [2, 3, 5], 'float32')
  const { values, indices } = ops.topK(ops.permute(x, [2, 0, 1]), 2)
  assert.equal(values.shape, [5, 2, 2])
  const [gotValues, gotIndices] = [await values.toArray(), await indices.toArray()] as number[][][][]
  for (let c = 0; c < 5; c++)
    for (let a = 0; a < 2; a++) {
      const row = [0, 1, 2].map((b) => data[(a * 3 + b) * 5 + c]!)
      const want = expected(row, 2)
      assert.equal(gotIndices![c]![a], want)
      assert.equal(
        gotValues![c]![a],
        want.map((at) => row[at]!),
      )
    }
  assert.equal(await ops.topK(Tensor.from([3, 9, 4], [3], 'float32'), 2).indices.toArray(), [1, 2])
})

test('bad arguments have codes', async () => {
  const x = Tensor.from([1, 2, 3], [1, 3], 'float32')
  for (const k of [0, -1, 4, 1.5, Number.NaN])
    await rejects(() => ops.topK(x, k), 'OPTION_INVALID', /topK: k/)
  const whole = Tensor.from([1, 2], [2], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.topK(whole, 1), 'DTYPE_MISMATCH', /topK/)
  const scalar: ops.FloatTensor = Tensor.from([1], [], 'float32')
  await rejects(() => ops.topK(scalar, 1), 'SHAPE_MISMATCH', /topK/)
})

test.run()
