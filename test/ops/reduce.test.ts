import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertSame,
  at,
  eps,
  fill,
  map,
  type Nd,
  nd,
  permute,
  Random,
  range,
  sizeOf,
  strided,
  tensor,
} from './reference.js'

/** One number for each row of the reduced axes, [kept..., reduced...] flattened. */
function reduced(x: Nd, axes: readonly number[], keepDims: boolean, f: (row: number[]) => number): Nd {
  const kept = range(x.shape.length).filter((axis) => !axes.includes(axis))
  const rows = permute(x, [...kept, ...axes])
  const size = sizeOf(axes.map((axis) => x.shape[axis]!))
  const outer = kept.map((axis) => x.shape[axis]!)
  const data = range(sizeOf(outer)).map((row) => f(rows.data.slice(row * size, (row + 1) * size)))
  return nd(keepDims ? x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)) : outer, data)
}

const total = (row: readonly number[]) => row.reduce((sum, x) => sum + x, 0)
const absolute = (row: readonly number[]) => row.reduce((sum, x) => sum + Math.abs(x), 0)
const largest = (row: readonly number[]) => row.reduce((a, b) => Math.max(a, b), -Infinity)
const smallest = (row: readonly number[]) => row.reduce((a, b) => Math.min(a, b), Infinity)

/** Some axes of a tensor, in order. */
const someAxes = (random: Random, rank: number) => range(rank).filter(() => random.below(2) === 0)

test('sum and mean of random numbers are within 8 eps of the sum of magnitudes', async () => {
  const random = new Random(1)
  for (let rank = 0; rank <= 8; rank++) {
    for (let round = 0; round < 4; round++) {
      const x = random.numbers(random.shape(rank, 3000), 3)
      const axes = someAxes(random, rank)
      const keepDims = random.below(2) === 0
      const count = sizeOf(axes.map((axis) => x.shape[axis]!))
      const asked = axes.map((axis) => (random.below(2) ? axis : axis - rank))
      const bound = map(reduced(x, axes, keepDims, absolute), (sum) => 8 * eps * sum)
      const sum = ops.sum(strided(random, x), asked, { keepDims })
      await assertClose(sum, reduced(x, axes, keepDims, total), bound, `sum over ${axes}`)
      const mean = ops.mean(strided(random, x), asked, { keepDims })
      const expected = reduced(x, axes, keepDims, (row) => total(row) / count)
      await assertClose(
        mean,
        expected,
        map(bound, (b) => b / count),
        `mean over ${axes}`,
      )
    }
  }
})

test('sums of whole numbers are exact, of long rows too', async () => {
  const random = new Random(2)
  for (const shape of [[1, 40000], [40000], [3, 5000, 2], [257, 33]]) {
    const x = random.integers(shape, -200, 200)
    for (let axis = 0; axis < shape.length; axis++)
      await assertSame(
        ops.sum(tensor(x), axis),
        map(reduced(x, [axis], false, total), (v) => v + 0),
        `sum ${shape}`,
      )
    await assertSame(ops.sum(tensor(x)), nd([], [total([...x.data])]), 'sum of all')
  }
})

test('max, min, argmax and argmin', async () => {
  const random = new Random(3)
  for (let rank = 1; rank <= 8; rank++) {
    for (let round = 0; round < 4; round++) {
      // Few values, so that the first of equals matters.
      const x = random.integers(random.shape(rank), -2, 2)
      const axes = someAxes(random, rank)
      await assertSame(ops.max(strided(random, x), axes), reduced(x, axes, false, largest), 'max')
      await assertSame(ops.min(strided(random, x), axes), reduced(x, axes, false, smallest), 'min')
      const axis = random.below(rank)
      const keepDims = random.below(2) === 0
      const first = (best: (row: readonly number[]) => number) =>
        reduced(x, [axis], keepDims, (row) => row.indexOf(best(row)))
      await assertSame(ops.argmax(strided(random, x), axis, { keepDims }), first(largest), 'argmax')
      await assertSame(ops.argmin(strided(random, x), axis - rank, { keepDims }), first(smallest), 'argmin')
    }
  }
})

test('over all axes, and over none', async () => {
  const x = nd([2, 3], [3, -1, 2, 5, 5, 0])
  await assertSame(ops.sum(tensor(x)), nd([], [14]), 'sum')
  await assertSame(
    ops.mean(tensor(x), undefined, { keepDims: true }),
    nd([1, 1], [Math.fround(14 / 6)]),
    'mean',
  )
  await assertSame(ops.max(tensor(x), []), x, 'max over no axis')
  await assertSame(ops.argmax(tensor(x)), nd([2], [0, 0]), 'argmax is over the last axis')
  await assertSame(ops.sum(Tensor.full([], 4)), nd([], [4]), 'sum of a scalar')
})

test('NaN and infinities', async () => {
  const x = Tensor.from([1, NaN, 3, NaN, Infinity, 1, 2, 3, -Infinity, Infinity, 0, 0], [3, 4])
  await assertSame(ops.sum(x, 1), nd([3], [NaN, Infinity, NaN]), 'sum')
  await assertSame(ops.max(x, 1), nd([3], [NaN, Infinity, Infinity]), 'max')
  await assertSame(ops.min(x, 1), nd([3], [NaN, 1, -Infinity]), 'min')
  await assertSame(ops.argmax(x, 1), nd([3], [1, 0, 1]), 'argmax')
  await assertSame(ops.argmin(x, 1), nd([3], [1, 1, 0]), 'argmin')
})

test('reductions of no elements', async () => {
  await assertSame(ops.sum(Tensor.zeros([2, 0, 3]), 1), nd([2, 3], [0, 0, 0, 0, 0, 0]), 'a sum is 0')
  await assertSame(ops.sum(Tensor.zeros([0])), nd([], [0]), 'a whole sum is 0')
  await assertSame(ops.max(Tensor.zeros([0, 3]), 1), nd([0], []), 'no rows')
  await rejects(
    () => ops.max(Tensor.zeros([2, 0]), 1),
    'SHAPE_MISMATCH',
    /max: expected elements to reduce, got \[2, 0\]/,
  )
  await rejects(() => ops.mean(Tensor.zeros([0])), 'SHAPE_MISMATCH', /mean: expected elements/)
  await rejects(() => ops.argmax(Tensor.zeros([2, 0])), 'SHAPE_MISMATCH', /argmax: expected elements/)
})

/** Softmax in float64, and what its error is measured by. */
function softmax(x: Nd, axis: number, logarithm: boolean): Nd {
  const along = (place: readonly number[]) =>
    range(x.shape[axis]!).map((p) =>
      at(
        x,
        place.map((old, i) => (i === axis ? p : old)),
      ),
    )
  return fill(x.shape, (place) => {
    const row = along(place)
    const most = largest(row)
    const sum = total(row.map((v) => Math.exp(v - most)))
    const shifted = at(x, place) - most
    return logarithm ? shifted - Math.log(sum) : Math.exp(shifted) / sum
  })
}

test('softmax and logSoftmax are within 6 ulp of float64, on any axis', async () => {
  const random = new Random(4)
  for (let rank = 1; rank <= 8; rank++) {
    for (let round = 0; round < 3; round++) {
      const scale = random.pick([1, 10, 60])
      const x = random.numbers(random.shape(rank, 1500, [1, 2, 3, 5, 40]), scale)
      const axis = random.below(rank)
      // Rounding the difference to the largest element is what an exponential multiplies.
      const relative = 12 * eps + 2 * scale * eps
      const asked = random.below(2) ? axis : axis - rank
      const soft = softmax(x, axis, false)
      await assertClose(ops.softmax(strided(random, x), asked), soft, (v) => relative * v, `softmax ${axis}`)
      const bound = (v: number) => 12 * eps * (1 + Math.abs(v)) + 2 * scale * eps
      await assertClose(
        ops.logSoftmax(strided(random, x), asked),
        softmax(x, axis, true),
        bound,
        'logSoftmax',
      )
    }
  }
})

test('softmax of extreme rows', async () => {
  const x = Tensor.from([1e30, 1e30, -1e30, -Infinity, 0, -Infinity, NaN, 1, 1], [3, 3])
  await assertSame(ops.softmax(x), nd([3, 3], [0.5, 0.5, 0, 0, 1, 0, NaN, NaN, NaN]), 'softmax')
  const hidden = Tensor.full([2], -Infinity)
  await assertSame(ops.softmax(hidden), nd([2], [NaN, NaN]), 'a row of -Infinity')
  await assertSame(ops.softmax(Tensor.zeros([3, 0])), nd([3, 0], []), 'empty rows')
})

test('wrong arguments of reductions', async () => {
  const x = Tensor.zeros([2, 3] as number[])
  const ints = Tensor.zeros([2], 'int32') as unknown as ops.FloatTensor
  await rejects(
    () => ops.sum(x, 2),
    'SHAPE_MISMATCH',
    /sum: expected an axis of a tensor of rank 2, got axis 2/,
  )
  await rejects(() => ops.sum(x, [0, -2]), 'SHAPE_MISMATCH', /each axis at most once/)
  await rejects(() => ops.sum(x, 0.5), 'SHAPE_MISMATCH', /got axis 0\.5/)
  await rejects(() => ops.sum(ints), 'DTYPE_MISMATCH', /sum: expected float32, got int32\[2\]/)
  await rejects(() => ops.softmax(x, 7), 'SHAPE_MISMATCH', /softmax: .* got axis 7/)
  await rejects(
    () => ops.softmax(Tensor.full([] as number[], 1)),
    'SHAPE_MISMATCH',
    /softmax: .* got axis -1/,
  )
  await rejects(() => ops.argmax(Tensor.full([] as number[], 1)), 'SHAPE_MISMATCH', /argmax: .* got axis -1/)
})

test.run()
