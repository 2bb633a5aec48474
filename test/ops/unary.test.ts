import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { assertClose, assertSame, eps, map, nd, type Random, Random as Source, strided } from './reference.js'
import { erf, gelu, geluTanh, roundEven, sigmoid, softplus } from './special.js'

interface Case {
  readonly op: (x: ops.FloatTensor) => ops.FloatTensor
  readonly reference: (x: number) => number
  /** Largest error in units in the last place of the result; 0: the bits are right. */
  readonly ulps: number
  /** Added to the bound, as a multiple of |x|: where the result vanishes, rounding the argument tells. */
  readonly slack?: number
  /** Only these arguments have a result that is a number. */
  readonly from?: number
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x))

const cases: Record<string, Case> = {
  relu: { op: ops.relu, reference: (x) => Math.max(0, x), ulps: 0 },
  relu6: { op: ops.relu6, reference: (x) => clamp(x, 0, 6), ulps: 0 },
  gelu: { op: (x) => ops.gelu(x), reference: gelu, ulps: 3, slack: eps },
  geluTanh: { op: (x) => ops.gelu(x, { approximate: 'tanh' }), reference: geluTanh, ulps: 6, slack: 2 * eps },
  quickGelu: { op: ops.quickGelu, reference: (x) => x * sigmoid(1.702 * x), ulps: 6, slack: 2 * eps },
  silu: { op: ops.silu, reference: (x) => x * sigmoid(x), ulps: 5 },
  sigmoid: { op: ops.sigmoid, reference: sigmoid, ulps: 4 },
  tanh: { op: ops.tanh, reference: Math.tanh, ulps: 4 },
  hardSwish: { op: ops.hardSwish, reference: (x) => (x * clamp(x + 3, 0, 6)) / 6, ulps: 4, slack: 2 * eps },
  hardSigmoid: { op: ops.hardSigmoid, reference: (x) => clamp(x + 3, 0, 6) / 6, ulps: 4, slack: 2 * eps },
  mish: { op: ops.mish, reference: (x) => x * Math.tanh(softplus(x)), ulps: 6 },
  softplus: { op: ops.softplus, reference: softplus, ulps: 4 },
  leakyRelu: { op: (x) => ops.leakyRelu(x, 0.25), reference: (x) => (x < 0 ? 0.25 * x : x), ulps: 0 },
  elu: { op: (x) => ops.elu(x, 0.5), reference: (x) => (x > 0 ? x : 0.5 * Math.expm1(x)), ulps: 3 },
  exp: { op: ops.exp, reference: Math.exp, ulps: 2 },
  log: { op: ops.log, reference: Math.log, ulps: 2, from: 0 },
  sqrt: { op: ops.sqrt, reference: Math.sqrt, ulps: 1, from: 0 },
  rsqrt: { op: ops.rsqrt, reference: (x) => 1 / Math.sqrt(x), ulps: 2, from: 0 },
  reciprocal: { op: ops.reciprocal, reference: (x) => 1 / x, ulps: 1 },
  neg: { op: ops.neg, reference: (x) => -x, ulps: 0 },
  abs: { op: ops.abs, reference: Math.abs, ulps: 0 },
  square: { op: ops.square, reference: (x) => x * x, ulps: 1 },
  erf: { op: ops.erf, reference: erf, ulps: 3 },
  sin: { op: ops.sin, reference: Math.sin, ulps: 1 },
  cos: { op: ops.cos, reference: Math.cos, ulps: 1 },
  floor: { op: ops.floor, reference: Math.floor, ulps: 0 },
  ceil: { op: ops.ceil, reference: Math.ceil, ulps: 0 },
  round: { op: ops.round, reference: roundEven, ulps: 0 },
}

/** Numbers at which functions turn, and ordinary ones of every size. */
function argumentsFor(random: Random, from: number): number[] {
  const turns = [0, 0.5, 1, 1.5, 2.5, 3, 6, 10, 20, 80, 1e-3, 1e-20, 1e-40, 1e4]
  const sizes = Array.from({ length: 60 }, () => random.number() * 10 ** (random.below(5) - 2))
  return [...turns, ...turns.map((x) => -x), ...sizes].map(Math.fround).filter((x) => x >= from)
}

for (const [name, { op, reference, ulps, slack = 0, from = Number.NEGATIVE_INFINITY }] of Object.entries(
  cases,
)) {
  test(`${name} is within ${ulps} ulp of float64`, async () => {
    const values = argumentsFor(new Source(1), from)
    const x = nd([values.length], values)
    const expected = map(x, reference)
    const bound = nd(
      expected.shape,
      values.map((x, i) => {
        const relative = ulps * 2 * eps * Math.abs(expected.data[i]!) + slack * Math.abs(x)
        // Below 2^-126 a float32 has fewer digits, and a factor of a product may lie there.
        return Math.max(relative, ulps * 2 ** -149 * Math.max(1, Math.abs(x)))
      }),
    )
    await assertClose(op(Tensor.from(values)), expected, bound, name)
  })

  test(`${name} keeps NaN, and takes infinities to their limits`, async () => {
    const [nan, up, down] = await op(Tensor.from([Number.NaN, Infinity, -Infinity])).data()
    assert.ok(Number.isNaN(nan), `NaN became ${nan}`)
    const limits = [reference(Infinity), reference(-Infinity)]
    for (const [index, got] of [up, down].entries())
      if (!Number.isNaN(limits[index]!)) assert.is(got! + 0, limits[index]! + 0)
  })
}

test('unary ops take any rank, view and size, in any of which the bits are the same', async () => {
  const random = new Source(2)
  for (let rank = 0; rank <= 8; rank++) {
    for (let round = 0; round < 3; round++) {
      const x = random.numbers(random.shape(rank), 3)
      const whole = await ops.gelu(Tensor.from([...x.data])).data()
      await assertSame(ops.gelu(strided(random, x)), nd(x.shape, [...whole]), `gelu of rank ${rank}`)
      await assertSame(
        ops.neg(strided(random, x)),
        map(x, (value) => -value),
        `neg of rank ${rank}`,
      )
    }
  }
  for (const shape of [[0], [3, 0, 2], [0, 1]])
    await assertSame(ops.exp(Tensor.zeros(shape)), nd(shape, []), 'exp of nothing')
})

test('logicalNot', async () => {
  await assertSame(ops.logicalNot(Tensor.from([true, false, true])), nd([3], [0, 1, 0]), 'logicalNot')
})

test('wrong arguments of unary ops', async () => {
  const ints = Tensor.from([1, 2], [2], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.exp(ints), 'DTYPE_MISMATCH', /exp: expected float32, got int32\[2\] \(see cast\)/)
  await rejects(() => ops.relu(3 as unknown as ops.FloatTensor), 'INPUT_INVALID', /relu: .* got 3/)
  await rejects(() => ops.relu(null as unknown as ops.FloatTensor), 'INPUT_INVALID', /relu: .* got null/)
  const x = Tensor.from([1])
  const bad = { approximate: 'sigmoid' as 'none' }
  await rejects(() => ops.gelu(x, bad), 'OPTION_INVALID', /approximate: .*'sigmoid'/)
  await rejects(() => ops.leakyRelu(x, Number.NaN), 'OPTION_INVALID', /leakyRelu: .*NaN/)
  await rejects(() => ops.elu(x, '1' as unknown as number), 'OPTION_INVALID', /elu: .*1/)
  await rejects(
    () => ops.logicalNot(x as unknown as Tensor<'bool'>),
    'DTYPE_MISMATCH',
    /logicalNot: expected bool, got float32/,
  )
})

test.run()
