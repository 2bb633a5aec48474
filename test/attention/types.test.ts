import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  additive,
  applyMask,
  attend,
  causalMask,
  dotProduct,
  general,
  hardRetrieval,
  learnedPositions,
  multiHead,
  paddingMask,
  scaledDotProduct,
  sinusoidalPositions,
  softRetrieval,
  windowMask,
} from '../../lib/attention/index.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

type Same<A extends readonly number[], B extends readonly number[]> = [readonly [...A]] extends [
  readonly [...B],
]
  ? [readonly [...B]] extends [readonly [...A]]
    ? unknown
    : never
  : never

/** Compiles only for a shape that is S, size by size. */
function hasShape<S extends readonly number[]>() {
  return <T extends readonly number[]>(_: FloatTensor<T> & Same<T, S>) => {}
}

const q = Tensor.zeros([2, 5, 8])
const k = Tensor.zeros([2, 7, 8])
const v = Tensor.zeros([2, 7, 4])
const narrow = Tensor.zeros([2, 7, 6])
const unknown = Tensor.zeros([2, 7, 8] as number[])

test('results have their sizes in their types', () => {
  hasShape<[2, 5, 7]>()(dotProduct(q, k))
  hasShape<[2, 5, 7]>()(scaledDotProduct(q, k))
  hasShape<[2, 5, 7]>()(general(q, narrow, Tensor.zeros([8, 6])))
  hasShape<[2, 5, 7]>()(additive(q, narrow, Tensor.zeros([8]), Tensor.zeros([6])))
  hasShape<[2, 5, 4]>()(softRetrieval(dotProduct(q, k), v))
  hasShape<[2, 5, 4]>()(hardRetrieval(dotProduct(q, k), v))
  hasShape<[2, 5, 7]>()(applyMask(dotProduct(q, k), causalMask(5, 7)))
  hasShape<[6, 4]>()(sinusoidalPositions(6, 4))
  hasShape<[3, 4]>()(learnedPositions(Tensor.zeros([6, 4]), 3))
  hasShape<[2, 3, 4]>()(learnedPositions(Tensor.zeros([6, 4]), Tensor.zeros([2, 3], 'int32')))
  hasShape<[5, 7]>()(ops.where(causalMask(5, 7), 1, 0))
  hasShape<[number, 1, 7]>()(ops.where(paddingMask([1, 2], 7), 1, 0))
  hasShape<[2, 1, 1, 7]>()(ops.where(paddingMask(Tensor.zeros([2, 1], 'int32'), 7), 1, 0))
  const attended = attend(q, k, v)
  hasShape<[2, 5, 4]>()(attended.output)
  hasShape<[2, 5, 7]>()(attended.weights)
  const heads = multiHead(q, k, v, 2)
  hasShape<[2, 5, 4]>()(heads.output)
  hasShape<[2, 2, 5, 7]>()(heads.weights)
  hasShape<readonly number[]>()(dotProduct(q, unknown))
  // @ts-expect-error: the comparison itself must be able to fail
  hasShape<[2, 5, 9]>()(dotProduct(q, k))
  assert.equal(attended.output.shape, [2, 5, 4])
})

test('sizes that do not fit do not compile', async () => {
  // @ts-expect-error: widths 8 and 6
  await rejects(() => dotProduct(q, narrow), 'SHAPE_MISMATCH', /dotProduct/)
  // @ts-expect-error: widths 8 and 6
  await rejects(() => scaledDotProduct(q, narrow), 'SHAPE_MISMATCH', /scaledDotProduct/)
  // @ts-expect-error: batches of 2 and 3
  await rejects(() => general(q, Tensor.zeros([3, 7, 8]), Tensor.zeros([8, 8])), 'SHAPE_MISMATCH', /general/)
  // @ts-expect-error: a weight of [6, 8] for widths 8 and 6
  await rejects(() => general(q, narrow, Tensor.zeros([6, 8])), 'SHAPE_MISMATCH', /general: weight/)
  // @ts-expect-error: a vector of 6 for queries of width 8
  await rejects(() => additive(q, k, Tensor.zeros([6]), Tensor.zeros([8])), 'SHAPE_MISMATCH', /queryWeight/)
  // @ts-expect-error: 7 keys, 5 values
  await rejects(() => softRetrieval(dotProduct(q, k), q), 'SHAPE_MISMATCH', /softRetrieval/)
  // @ts-expect-error: 7 keys, 5 values
  await rejects(() => attend(q, k, q), 'SHAPE_MISMATCH', /softRetrieval|softWeights/)
  // @ts-expect-error: similarities [2, 5, 7], a mask [4, 7]
  await rejects(() => applyMask(dotProduct(q, k), windowMask(4, 7, 1)), 'SHAPE_MISMATCH', /applyMask/)
  // @ts-expect-error: a vector has no positions
  await rejects(() => dotProduct(Tensor.zeros([8]), k), 'SHAPE_MISMATCH', /queries/)
  // @ts-expect-error: int32
  await rejects(() => dotProduct(q, Tensor.zeros([2, 7, 8], 'int32')), 'DTYPE_MISMATCH', /keys/)
  // @ts-expect-error: a table of rank 1
  await rejects(() => learnedPositions(Tensor.zeros([8]), 2), 'SHAPE_MISMATCH', /learnedPositions: table/)
  // @ts-expect-error: 7 keys, 5 values
  await rejects(() => multiHead(q, k, q, 2), 'SHAPE_MISMATCH', /keys/)
  // @ts-expect-error: heads need [batch, positions, width]
  await rejects(() => multiHead(Tensor.zeros([5, 8]), k, v, 2), 'SHAPE_MISMATCH', /queries/)
})

test.run()
