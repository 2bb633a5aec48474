import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertSame,
  at,
  broadcast,
  eps,
  fill,
  map,
  Random,
  strided,
  tensor,
  zip,
} from './reference.js'

type Float = ops.FloatTensor

/** Two shapes that broadcast: sizes of either are replaced by 1, leading axes left out. */
function pair(random: Random, rank: number): [number[], number[]] {
  const shape = random.shape(rank)
  const side = () =>
    shape.map((dim) => (random.below(3) === 0 ? 1 : dim)).slice(random.below(2) * random.below(rank + 1))
  return random.below(2) === 0 ? [shape, side()] : [side(), shape]
}

const arithmetic: Record<string, [(a: Float, b: Float) => Float, (a: number, b: number) => number]> = {
  add: [ops.add, (a, b) => a + b],
  sub: [ops.sub, (a, b) => a - b],
  mul: [ops.mul, (a, b) => a * b],
  div: [ops.div, (a, b) => a / b],
  maximum: [ops.maximum, Math.max],
  minimum: [ops.minimum, Math.min],
}

for (const [name, [op, reference]] of Object.entries(arithmetic)) {
  test(`${name}: broadcast, strided, any rank, rounded once`, async () => {
    const random = new Random(3)
    for (let rank = 0; rank <= 8; rank++) {
      for (let round = 0; round < 4; round++) {
        const [left, right] = pair(random, rank)
        const [a, b] = [random.numbers(left, 4), random.numbers(right, 4)]
        const expected = map(zip(a, b, reference), Math.fround)
        await assertSame(op(strided(random, a), strided(random, b)), expected, `${name} [${left}] [${right}]`)
      }
    }
  })
}

test('numbers as operands, on either side', async () => {
  const x = new Random(4).numbers([2, 3], 5)
  const t = tensor(x)
  await assertSame(
    ops.sub(t, 0.5),
    map(x, (v) => Math.fround(v - 0.5)),
    'x - 0.5',
  )
  await assertSame(
    ops.sub(0.5, t),
    map(x, (v) => Math.fround(0.5 - v)),
    '0.5 - x',
  )
  await assertSame(
    ops.div(2, t),
    map(x, (v) => Math.fround(2 / v)),
    '2 / x',
  )
  await assertSame(
    ops.add(t, Infinity),
    map(x, () => Infinity),
    'x + Infinity',
  )
  await assertSame(
    ops.mul(t, Number.NaN),
    map(x, () => Number.NaN),
    'x * NaN',
  )
  await assertSame(
    ops.greater(0.25, t),
    map(x, (v) => Number(0.25 > v)),
    '0.25 > x',
  )
  await assertSame(ops.add(Tensor.from([1, 2], [2], 'int32'), 3), { shape: [2], data: [4, 5] }, 'int32 + 3')
})

test('NaN in either operand stays NaN; infinities are ordered', async () => {
  const values = [Number.NaN, 1, Infinity, -Infinity, 0]
  const grid = fill([5, 5], () => 0)
  const a = { ...grid, data: grid.data.map((_, i) => values[i % 5]!) }
  const b = { ...grid, data: grid.data.map((_, i) => values[Math.floor(i / 5)]!) }
  for (const [name, [op, reference]] of Object.entries(arithmetic))
    await assertSame(op(tensor(a), tensor(b)), zip(a, b, reference), name)
  await assertSame(
    ops.equal(tensor(a), tensor(b)),
    zip(a, b, (x, y) => Number(x === y)),
    'equal',
  )
  await assertSame(
    ops.notEqual(tensor(a), tensor(b)),
    zip(a, b, (x, y) => Number(x !== y)),
    'notEqual',
  )
  await assertSame(
    ops.less(tensor(a), tensor(b)),
    zip(a, b, (x, y) => Number(x < y)),
    'less',
  )
})

test('pow is within 1 ulp of float64', async () => {
  const random = new Random(5)
  const [a, b] = [map(random.numbers([40, 1], 3), Math.abs), random.numbers([1, 30], 6)]
  const ulp = (value: number) => 2 * eps * Math.abs(value)
  await assertClose(ops.pow(tensor(a), tensor(b)), zip(a, b, Math.pow), ulp, 'pow')
  const c = random.numbers([50], 3)
  for (const power of [0, 1, 2, 3, -1, -2])
    await assertClose(
      ops.pow(tensor(c), power),
      map(c, (v) => v ** power),
      ulp,
      `pow ${power}`,
    )
  await assertSame(
    ops.pow(tensor({ shape: [2], data: [-2, -8] }), 0.5),
    { shape: [2], data: [NaN, NaN] },
    'root',
  )
})

test('int32 arithmetic is exact, and wraps around', async () => {
  const random = new Random(6)
  for (let round = 0; round < 10; round++) {
    const [left, right] = pair(random, 3)
    const [a, b] = [random.integers(left, -40000, 40000), random.integers(right, -40000, 40000)]
    const [x, y] = [strided(random, a, 'int32'), strided(random, b, 'int32')]
    await assertSame(
      ops.add(x, y),
      zip(a, b, (p, q) => p + q),
      'add',
    )
    await assertSame(
      ops.sub(x, y),
      zip(a, b, (p, q) => p - q),
      'sub',
    )
    await assertSame(ops.mul(x, y), zip(a, b, Math.imul), 'mul')
    await assertSame(ops.maximum(x, y), zip(a, b, Math.max), 'maximum')
    await assertSame(ops.minimum(x, y), zip(a, b, Math.min), 'minimum')
    await assertSame(
      ops.lessEqual(x, y),
      zip(a, b, (p, q) => Number(p <= q)),
      'lessEqual',
    )
  }
  const most = Tensor.from([2 ** 31 - 1], [1], 'int32')
  await assertSame(ops.add(most, 1), { shape: [1], data: [-(2 ** 31)] }, 'wraps')
})

test('comparisons and logic', async () => {
  const random = new Random(7)
  const comparisons: [(a: Float, b: Float) => Tensor<'bool'>, (a: number, b: number) => boolean][] = [
    [ops.equal, (a, b) => a === b],
    [ops.notEqual, (a, b) => a !== b],
    [ops.less, (a, b) => a < b],
    [ops.lessEqual, (a, b) => a <= b],
    [ops.greater, (a, b) => a > b],
    [ops.greaterEqual, (a, b) => a >= b],
  ]
  for (let round = 0; round < 6; round++) {
    const [left, right] = pair(random, round)
    const [a, b] = [random.integers(left, -2, 2), random.integers(right, -2, 2)]
    for (const [op, reference] of comparisons) {
      const expected = zip(a, b, (p, q) => Number(reference(p, q)))
      await assertSame(op(strided(random, a), strided(random, b)), expected, 'comparison')
    }
    const [p, q] = [random.integers(left, 0, 1), random.integers(right, 0, 1)]
    const [x, y] = [strided(random, p, 'bool'), strided(random, q, 'bool')]
    await assertSame(
      ops.logicalAnd(x, y),
      zip(p, q, (s, t) => s & t),
      'and',
    )
    await assertSame(
      ops.logicalOr(x, y),
      zip(p, q, (s, t) => s | t),
      'or',
    )
    await assertSame(
      ops.logicalNot(x),
      map(p, (s) => 1 - s),
      'not',
    )
  }
})

test('where broadcasts its three operands and takes any type', async () => {
  const random = new Random(8)
  for (let rank = 0; rank <= 8; rank++) {
    const [left, right] = pair(random, rank)
    const third = broadcast(left, right).map((dim) => (random.below(3) === 0 ? 1 : dim))
    const [c, a, b] = [
      random.integers(left, 0, 1),
      random.integers(right, -9, 9),
      random.integers(third, -9, 9),
    ]
    const expected = fill(broadcast(broadcast(left, right), third), (place) =>
      at(c, place) ? at(a, place) : at(b, place),
    )
    const condition = strided(random, c, 'bool')
    for (const dtype of ['float32', 'int32', 'int64'] as const)
      await assertSame(
        ops.where(condition, strided(random, a, dtype), strided(random, b, dtype)),
        expected,
        `where ${dtype} of rank ${rank}`,
      )
    await assertSame(
      ops.where(condition, strided(random, a), -1),
      zip(c, a, (p, q) => (p ? q : -1)),
      'number b',
    )
    await assertSame(
      ops.where(condition, -1, strided(random, a)),
      zip(c, a, (p, q) => (p ? -1 : q)),
      'number a',
    )
    await assertSame(
      ops.where(condition, 2, 3),
      map(c, (p) => (p ? 2 : 3)),
      'two numbers',
    )
  }
  const seen = Tensor.from([true, false, false])
  const values = Tensor.from([Number.NaN, Number.NaN, 1])
  await assertSame(
    ops.where(seen, values, 7),
    { shape: [3], data: [NaN, 7, 7] },
    'NaN is chosen, not computed',
  )
})

test('empty operands', async () => {
  await assertSame(ops.add(Tensor.zeros([0, 3]), Tensor.ones([3])), { shape: [0, 3], data: [] }, 'add')
  await assertSame(ops.mul(Tensor.zeros([2, 1]), Tensor.zeros([0])), { shape: [2, 0], data: [] }, 'mul')
  await assertSame(ops.less(Tensor.zeros([0]), 1), { shape: [0], data: [] }, 'less')
})

test('wrong arguments of binary ops', async () => {
  const [x, wide] = [Tensor.zeros([2, 3] as number[]), Tensor.zeros([4] as number[])]
  const ints = Tensor.from([1, 2, 3], [3], 'int32')
  await rejects(
    () => ops.add(x, wide),
    'SHAPE_MISMATCH',
    /add: expected shapes that broadcast, got \[2, 3\] and \[4\] \(3 against 4\)/,
  )
  await rejects(
    () => ops.mul(x, ints as unknown as Float),
    'DTYPE_MISMATCH',
    /mul: expected two tensors of one type .* got float32\[2, 3\] and int32\[3\]/,
  )
  await rejects(() => ops.div(ints as unknown as Float, 2), 'DTYPE_MISMATCH', /div: expected float32/)
  await rejects(() => ops.add(ints, 0.5), 'INPUT_INVALID', /a whole number from .* \(int32\), got 0\.5/)
  await rejects(() => ops.add(1 as unknown as Float, 2), 'INPUT_INVALID', /add: expected a tensor, got 2/)
  await rejects(
    () => ops.add(x, '2' as unknown as number),
    'INPUT_INVALID',
    /add: expected a tensor, got '2'/,
  )
  const bools = Tensor.from([true])
  await rejects(
    () => ops.add(bools as unknown as Float, 1),
    'DTYPE_MISMATCH',
    /add: expected float32 or int32/,
  )
  await rejects(
    () => ops.logicalAnd(x as unknown as Tensor<'bool'>, bools),
    'DTYPE_MISMATCH',
    /expected bool/,
  )
  await rejects(
    () => ops.where(x as unknown as Tensor<'bool'>, 1, 2),
    'DTYPE_MISMATCH',
    /where: expected bool/,
  )
  await rejects(
    () => ops.where(bools, x, ints as unknown as Float),
    'DTYPE_MISMATCH',
    /where: expected two tensors of one type/,
  )
  await rejects(() => ops.where(Tensor.zeros([5] as number[], 'bool'), x, x), 'SHAPE_MISMATCH', /where/)
})

test.run()
