import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertSame,
  eps,
  fill,
  map,
  matmul,
  type Nd,
  nd,
  Random,
  strided,
  tensor,
  zip,
} from './reference.js'

/** A sum of K products, each rounded: K eps of the sum of magnitudes. */
function boundOf(a: Nd, b: Nd): Nd {
  const magnitude = matmul(map(a, Math.abs), map(b, Math.abs))
  return map(magnitude, (sum) => (a.shape.at(-1)! + 2) * eps * sum)
}

const sizes = [1, 2, 3, 7, 16, 17, 31]

function operands(random: Random, make: (shape: number[]) => Nd): [Nd, Nd] {
  const [m, k, n] = [random.pick(sizes), random.pick(sizes), random.pick(sizes)]
  const outer = random.shape(random.below(4), 12, [1, 2, 3])
  const side = () => outer.map((dim) => (random.below(3) ? dim : 1)).slice(random.below(outer.length + 1))
  return [make([...side(), m, k]), make([...side(), k, n])]
}

test('whole numbers are multiplied exactly: batched, broadcast, strided', async () => {
  const random = new Random(1)
  for (let round = 0; round < 80; round++) {
    const [a, b] = operands(random, (shape) => random.integers(shape, -8, 8))
    const expected = map(matmul(a, b), (value) => value + 0)
    const product = ops.matmul(strided(random, a), strided(random, b))
    await assertSame(ops.add(product, 0), expected, `[${a.shape}] @ [${b.shape}]`)
  }
})

test('random numbers are within K eps of the sum of magnitudes', async () => {
  const random = new Random(2)
  for (let round = 0; round < 40; round++) {
    const [a, b] = operands(random, (shape) => random.numbers(shape, 2))
    const product = ops.matmul(strided(random, a), strided(random, b))
    await assertClose(product, matmul(a, b), boundOf(a, b), `[${a.shape}] @ [${b.shape}]`)
  }
  for (const [m, k, n] of [
    [1, 3000, 5],
    [130, 70, 260],
    [5, 1, 600],
    [65, 513, 3],
  ] as const) {
    const [a, b] = [random.numbers([m, k]), random.numbers([k, n])]
    await assertClose(ops.matmul(tensor(a), tensor(b)), matmul(a, b), boundOf(a, b), `${m} ${k} ${n}`)
  }
})

test('a transposed operand is read in place', async () => {
  const random = new Random(3)
  const [a, b] = [random.integers([5, 9], -5, 5), random.integers([4, 9], -5, 5)]
  const expected = fill([5, 4], ([i, j]) =>
    a.data.slice(i! * 9, i! * 9 + 9).reduce((sum, x, k) => sum + x * b.data[j! * 9 + k]!, 0),
  )
  await assertSame(ops.add(ops.matmul(tensor(a), ops.transpose(tensor(b))), 0), expected, 'a @ b^T')
})

test('NaN and infinities reach the elements that depend on them, and no others', async () => {
  const a = nd([2, 2], [NaN, 1, 1, 2])
  const b = nd([2, 3], [1, 2, Infinity, 1, 1, 1])
  await assertSame(ops.matmul(tensor(a), tensor(b)), nd([2, 3], [NaN, NaN, NaN, 3, 4, Infinity]), 'matmul')
})

test('empty operands', async () => {
  await assertSame(ops.matmul(Tensor.zeros([0, 3]), Tensor.zeros([3, 2])), nd([0, 2], []), 'no rows')
  await assertSame(ops.matmul(Tensor.zeros([2, 3]), Tensor.zeros([3, 0])), nd([2, 0], []), 'no columns')
  await assertSame(
    ops.matmul(Tensor.ones([2, 0]), Tensor.ones([0, 3])),
    nd([2, 3], [0, 0, 0, 0, 0, 0]),
    'no terms',
  )
  await assertSame(ops.matmul(Tensor.ones([0, 2, 3]), Tensor.ones([3, 2])), nd([0, 2, 2], []), 'no batch')
  const bias = Tensor.from([1, 2])
  await assertSame(
    ops.linear(Tensor.ones([1, 0]), Tensor.ones([2, 0]), bias),
    nd([1, 2], [1, 2]),
    'only bias',
  )
})

test('linear: x W^T + b, for any rank of x', async () => {
  const random = new Random(4)
  for (const outer of [[], [1], [7], [2, 5], [2, 1, 3, 2], [1, 1, 1, 1, 1, 2, 2]]) {
    const x = random.numbers([...outer, 9])
    const [w, b] = [random.numbers([4, 9]), random.numbers([4])]
    const columns = fill([9, 4], ([i, j]) => w.data[j! * 9 + i!]!)
    const rows = nd([x.data.length / 9, 9], x.data)
    const product = matmul(rows, columns)
    const shape = [...outer, 4]
    const bound = nd(shape, map(boundOf(rows, columns), (sum) => sum + 2 * eps).data)
    const expected = nd(shape, zip(product, b, (p, q) => p + q).data)
    await assertClose(
      ops.linear(strided(random, x), tensor(w), tensor(b)),
      expected,
      bound,
      `linear of [${x.shape}]`,
    )
    await assertClose(
      ops.linear(strided(random, x), strided(random, w)),
      nd(shape, product.data),
      bound,
      'no bias',
    )
    const apart = ops.slice(tensor(fill([8], ([i]) => b.data[i! >> 1]!)), { axis: 0, step: 2 })
    await assertClose(ops.linear(tensor(x), tensor(w), apart), expected, bound, 'a strided bias')
  }
})

test('wrong arguments of products', async () => {
  const [x, w] = [Tensor.zeros([2, 3] as number[]), Tensor.zeros([4, 5] as number[])]
  await rejects(() => ops.matmul(x, w), 'SHAPE_MISMATCH', /matmul: expected .* got \[2, 3\] @ \[4, 5\]/)
  await rejects(() => ops.matmul(x, Tensor.zeros([3] as number[])), 'SHAPE_MISMATCH', /@ \[3\]/)
  const batched = [Tensor.zeros([2, 1, 3] as number[]), Tensor.zeros([3, 3, 1] as number[])] as const
  await rejects(
    () => ops.matmul(...batched),
    'SHAPE_MISMATCH',
    /matmul: expected shapes that broadcast, got \[2\] and \[3\]/,
  )
  await rejects(
    () => ops.linear(x, w),
    'SHAPE_MISMATCH',
    /linear: expected \[\.\.\., 5\], by the weight \[4, 5\], got \[2, 3\]/,
  )
  await rejects(
    () => ops.linear(x, Tensor.zeros([3] as number[])),
    'SHAPE_MISMATCH',
    /linear: weight: expected rank 2/,
  )
  const short = Tensor.zeros([3] as number[])
  await rejects(
    () => ops.linear(Tensor.zeros([5] as number[]), w, short),
    'SHAPE_MISMATCH',
    /bias: expected \[4\]/,
  )
  const ints = Tensor.zeros([3, 3], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.matmul(x, ints), 'DTYPE_MISMATCH', /matmul: expected float32/)
})

test.run()
