import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertSame,
  eps,
  fill,
  map,
  type Nd,
  nd,
  Random,
  range,
  strided,
  tensor,
} from './reference.js'

const mean = (row: readonly number[]) => row.reduce((sum, x) => sum + x, 0) / row.length

/** Normalises each row of numbers; weight and bias repeat along it. */
function normalized(row: readonly number[], epsilon: number, centred: boolean): number[] {
  const middle = centred ? mean(row) : 0
  const variance = mean(row.map((x) => (x - middle) ** 2))
  return row.map((x) => (x - middle) / Math.sqrt(variance + epsilon))
}

function rowsNormalized(
  x: Nd,
  weight: Nd | undefined,
  bias: Nd | undefined,
  epsilon: number,
  centred: boolean,
): Nd {
  const width = x.shape.at(-1)!
  const data = range(x.data.length / width).flatMap((row) =>
    normalized(x.data.slice(row * width, (row + 1) * width), epsilon, centred).map(
      (value, i) => value * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0),
    ),
  )
  return nd(x.shape, data)
}

/**
 * The error of the mean is some eps of the largest element; divided by the deviation it is in each element of the row.
 * That of the variance is relative.
 */
function boundOf(x: Nd, width: number, expected: Nd, epsilon: number): Nd {
  const rows = range(x.data.length / width).map((row) => {
    const values = x.data.slice(row * width, (row + 1) * width)
    const middle = mean(values)
    const deviation = Math.sqrt(mean(values.map((v) => (v - middle) ** 2)) + epsilon)
    return Math.max(...values.map(Math.abs)) / deviation
  })
  const scale = (i: number) => rows[Math.floor(i / width)]!
  return nd(
    expected.shape,
    expected.data.map((value, i) => 8 * eps * (1 + scale(i)) * (1 + Math.abs(value))),
  )
}

test('layerNorm and rmsNorm over the last axis of any rank and view', async () => {
  const random = new Random(1)
  for (let rank = 1; rank <= 8; rank++) {
    for (let round = 0; round < 4; round++) {
      const shape = [...random.shape(rank - 1, 200), random.pick([1, 2, 3, 17, 64, 100])]
      const x = random.numbers(shape, 3)
      const [w, b] = [random.numbers([shape.at(-1)!]), random.numbers([shape.at(-1)!])]
      const epsilon = random.pick([1e-12, 1e-6, 1e-5, 0.1])
      const weight = random.below(3) ? w : undefined
      const bias = random.below(3) ? b : undefined
      const [tw, tb] = [weight && strided(random, weight), bias && strided(random, bias)]
      const layer = rowsNormalized(x, weight, bias, epsilon, true)
      const bound = boundOf(x, shape.at(-1)!, layer, epsilon)
      await assertClose(
        ops.layerNorm(strided(random, x), tw, tb, epsilon),
        layer,
        bound,
        `layerNorm [${shape}]`,
      )
      const rms = rowsNormalized(x, weight, undefined, epsilon, false)
      const relative = (value: number) => 8 * eps * Math.abs(value)
      await assertClose(ops.rmsNorm(strided(random, x), tw, epsilon), rms, relative, `rmsNorm [${shape}]`)
    }
  }
})

test('a large common offset costs no digits of the variance', async () => {
  const random = new Random(2)
  const x = map(random.numbers([4, 300]), (value) => Math.fround(value + 1000))
  const expected = rowsNormalized(x, undefined, undefined, 1e-6, true)
  const bound = boundOf(x, 300, expected, 1e-6)
  await assertClose(ops.layerNorm(tensor(x), undefined, undefined, 1e-6), expected, bound, 'offset')
})

test('groupNorm over positions and the channels of a group', async () => {
  const random = new Random(3)
  for (const [shape, groups] of [
    [[2, 5, 4, 6], 3],
    [[1, 7, 8], 1],
    [[3, 4], 2],
    [[2, 2, 3, 2, 5], 5],
    [[1, 40, 30, 32], 8],
  ] as const) {
    const x = random.numbers(shape, 2)
    const channels = shape.at(-1)!
    const perGroup = channels / groups
    const [w, b] = [random.numbers([channels]), random.numbers([channels])]
    const places = x.data.length / shape[0] / channels
    const groupOf = (n: number, g: number) =>
      range(places * perGroup).map(
        (i) => x.data[(n * places + Math.floor(i / perGroup)) * channels + g * perGroup + (i % perGroup)]!,
      )
    const done = range(shape[0]).map((n) => range(groups).map((g) => normalized(groupOf(n, g), 1e-5, true)))
    const expected = nd(
      shape,
      x.data.map((_, index) => {
        const c = index % channels
        const [place, n] = [Math.floor(index / channels) % places, Math.floor(index / channels / places)]
        const g = Math.floor(c / perGroup)
        return done[n]![g]![place * perGroup + (c % perGroup)]! * w.data[c]! + b.data[c]!
      }),
    )
    await assertClose(
      ops.groupNorm(strided(random, x), groups, tensor(w), tensor(b)),
      expected,
      (value) => 32 * eps * (1 + Math.abs(value)),
      `groupNorm [${shape}] in ${groups}`,
    )
  }
})

test('NaN stays in its row; equal elements give the bias; no rows give no rows', async () => {
  const x = fill([3, 4], ([row, i]) => (row === 1 ? (i === 2 ? NaN : 1) : row! + i!))
  const y = await ops.layerNorm(tensor(x), undefined, undefined).toArray()
  const rows = (y as number[][]).map((row) => row.map(Number.isNaN))
  const all = (value: boolean) => [value, value, value, value]
  assert.equal(rows, [all(false), all(true), all(false)])
  const bias = Tensor.from([1, 2])
  await assertSame(
    ops.layerNorm(Tensor.full([1, 2], 7), undefined, bias),
    nd([1, 2], [1, 2]),
    'equal elements',
  )
  await assertSame(ops.layerNorm(Tensor.zeros([0, 5])), nd([0, 5], []), 'no rows')
  await assertSame(ops.rmsNorm(Tensor.zeros([5, 0])), nd([5, 0], []), 'no columns')
})

test('wrong arguments of norms', async () => {
  const x = Tensor.zeros([2, 6] as number[])
  const four = Tensor.zeros([4] as number[])
  const table = Tensor.zeros([1, 6] as number[])
  await rejects(
    () => ops.layerNorm(x, four),
    'SHAPE_MISMATCH',
    /layerNorm: weight: expected \[6\], got \[4\]/,
  )
  await rejects(() => ops.layerNorm(x, undefined, table), 'SHAPE_MISMATCH', /layerNorm: bias: expected \[6\]/)
  await rejects(() => ops.rmsNorm(x, undefined, -1), 'OPTION_INVALID', /rmsNorm: epsilon: .* got -1/)
  await rejects(() => ops.layerNorm(x, undefined, undefined, NaN), 'OPTION_INVALID', /epsilon: .* got NaN/)
  await rejects(
    () => ops.layerNorm(Tensor.full([] as number[], 1)),
    'SHAPE_MISMATCH',
    /at least one axis, got \[\]/,
  )
  await rejects(
    () => ops.groupNorm(x, 4),
    'SHAPE_MISMATCH',
    /groupNorm: .* multiple of 4 groups, got \[2, 6\]/,
  )
  await rejects(() => ops.groupNorm(x, 0), 'OPTION_INVALID', /groups: .* got 0/)
  await rejects(() => ops.groupNorm(Tensor.zeros([6] as number[]), 2), 'SHAPE_MISMATCH', /got \[6\]/)
  const ints = Tensor.zeros([2, 6], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.layerNorm(ints), 'DTYPE_MISMATCH', /layerNorm: expected float32/)
})

test.run()
