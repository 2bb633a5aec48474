import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { assertClose, assertNumbers, eps, type Nd, nd, numbersOf, Random, tensor } from './reference.js'

type Float = ops.FloatTensor

/** Weights are constants: their products are packed, and may be folded. */
const weight = (x: Nd): Float => constantFrom(Float32Array.from(x.data), [...x.shape], 'float32')

/**
 * Asserts that the last step has the same bits when it is asked for alone, and so may be computed together with the
 * steps before, and when each step is asked for, and so is computed by itself.
 */
async function assertSteps(steps: () => readonly Tensor[], what: string): Promise<void> {
  const alone = steps().at(-1)!
  const all = steps()
  await evaluate([alone])
  await evaluate(all)
  assertNumbers(await numbersOf(alone), await numbersOf(all.at(-1)!), `${what}, fused`)
}

const activations: Record<string, (x: Float) => Float> = {
  relu: ops.relu,
  gelu: (x) => ops.gelu(x),
  geluTanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  quickGelu: ops.quickGelu,
  silu: ops.silu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  relu6: ops.relu6,
  hardSwish: ops.hardSwish,
  hardSigmoid: ops.hardSigmoid,
  mish: ops.mish,
  softplus: ops.softplus,
  exp: ops.exp,
  square: ops.square,
  // These stay instructions of their own.
  leakyRelu: (x) => ops.leakyRelu(x, 0.1),
  elu: (x) => ops.elu(x),
}

/** Products of every kind: without bias, and with. */
function products(random: Random): Record<string, (bias: boolean) => Float> {
  const [x, y] = [random.numbers([2, 5, 19]), random.numbers([2, 19, 23])]
  const image = random.numbers([2, 8, 12, 6])
  const vector = (n: number) => weight(random.numbers([n]))
  const [b23, b9, b6] = [vector(23), vector(9), vector(6)]
  const [dense, grouped, deep, patches] = [
    [23, 19],
    [9, 2, 3, 3],
    [6, 1, 3, 3],
    [9, 6, 4, 4],
  ].map((shape) => weight(random.numbers(shape))) as [Float, Float, Float, Float]
  const convolve = (w: Float, b: Float, options: ops.ConvolutionOptions) => (bias: boolean) =>
    ops.conv2d(tensor(image), w, bias ? b : undefined, options)
  return {
    linear: (bias) => ops.linear(tensor(x), dense, bias ? b23 : undefined),
    matmul: (bias) => {
      const product: Float = ops.matmul(tensor(x), tensor(y))
      return bias ? ops.add(product, b23) : product
    },
    grouped: convolve(grouped, b9, { padding: 1, groups: 3 }),
    depthwise: convolve(deep, b6, { padding: 1, groups: 6 }),
    patches: convolve(patches, b9, { stride: 4 }),
  }
}

for (const [name, product] of Object.entries(products(new Random(1)))) {
  test(`${name}: bias, activation and residual are the same bits fused and alone`, async () => {
    const random = new Random(2)
    for (const [kind, activation] of Object.entries(activations)) {
      for (const bias of [false, true]) {
        const residual = random.numbers(product(false).shape)
        await assertSteps(() => {
          const first = product(bias)
          const active = activation(first)
          return [first, active, ops.add(tensor(residual), active)]
        }, `${name} ${bias} ${kind}`)
      }
    }
  })

  test(`${name}: a residual without activation, a sum of two products, two biases`, async () => {
    const random = new Random(3)
    const { shape } = product(false)
    const residual = random.numbers(shape)
    const other = weight(random.numbers([shape.at(-1)!]))
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.add(first, tensor(residual))]
    }, 'residual')
    const turned = random.numbers([...shape].reverse())
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.add(first, ops.permute(tensor(turned), [...shape.keys()].reverse()))]
    }, 'a residual whose rows are not dense')
    await assertSteps(() => {
      const [first, second] = [product(true), product(false)]
      return [first, second, ops.add(first, second)]
    }, 'two products')
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.add(first, other)]
    }, 'two biases')
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.add(first, first)]
    }, 'a product added to itself')
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.add(0.5, first)]
    }, 'a number')
  })

  test(`${name}: views between a product and its epilogue`, async () => {
    const random = new Random(4)
    const { shape } = product(false)
    const flat = [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)!] as const
    const residual = random.numbers(flat)
    const axes = [...shape.keys()].reverse()
    await assertSteps(() => {
      const first = product(true)
      const rows: Float = ops.reshape(first, flat)
      return [first, rows, ops.gelu(rows), ops.add(ops.gelu(rows), tensor(residual))]
    }, 'a reshape')
    await assertSteps(() => {
      const first = product(true)
      return [first, ops.gelu(ops.permute(first, axes)), ops.relu(ops.permute(first, axes))]
    }, 'a permutation with two readers')
    await assertSteps(() => {
      const first = ops.reshape(product(false), flat)
      return [first, ops.add(first, weight(random.numbers([flat[1]]))), ops.relu(first)]
    }, 'a reshape with two readers')
  })
}

test('layer scale is folded into the weights, within rounding', async () => {
  const random = new Random(5)
  const [x, w, b, g] = [
    random.numbers([3, 7, 20]),
    random.numbers([11, 20]),
    random.numbers([11]),
    random.numbers([11]),
  ]
  const product = ops.linear(tensor(x), weight(w), weight(b))
  const scaled = () => ops.mul(ops.linear(tensor(x), weight(w), weight(b)), weight(g))
  const residual = random.numbers([3, 7, 11])
  const [plain, gamma] = [await numbersOf(product), g.data]
  const expected = nd(
    [3, 7, 11],
    plain.map((value, i) => value * gamma[i % 11]!),
  )
  const bound = 2 * 22 * eps * 20
  await assertClose(scaled(), expected, bound, 'scale')
  const sum = nd(
    [3, 7, 11],
    expected.data.map((value, i) => value + residual.data[i]!),
  )
  await assertClose(ops.add(tensor(residual), scaled()), sum, bound, 'scale and residual')
  await assertClose(
    ops.mul(weight(g), ops.linear(tensor(x), weight(w))),
    nd(
      [3, 7, 11],
      (await numbersOf(ops.linear(tensor(x), weight(w)))).map((value, i) => value * gamma[i % 11]!),
    ),
    bound,
    'no bias',
  )
  // A scale that is data, a number, or not one for each column, is a product of its own.
  await assertClose(ops.mul(product, tensor(g)), expected, bound, 'data')
  await assertClose(
    ops.mul(product, 2),
    nd(
      [3, 7, 11],
      plain.map((value) => 2 * value),
    ),
    0,
    'a number',
  )
  const rows = random.numbers([7, 1])
  const byRow = nd(
    [3, 7, 11],
    plain.map((value, i) => Math.fround(value * rows.data[Math.floor(i / 11) % 7]!)),
  )
  await assertClose(ops.mul(product, weight(rows)), byRow, 0, 'one for each row')
})

test('patches as a product are the convolution, bit for bit', async () => {
  const random = new Random(6)
  const [x, w] = [random.integers([2, 9, 14, 3], -5, 5), random.integers([8, 3, 4, 4], -5, 5)]
  const patches = ops.conv2d(tensor(x), weight(w), undefined, { stride: 4 })
  // A stride of 1 is no product of patches; every fourth of its positions is the same.
  const dense = ops.conv2d(tensor(x), weight(w))
  const fourth = ops.slice(ops.slice(dense, { axis: 1, step: 4 }), { axis: 2, step: 4 })
  assertNumbers(await numbersOf(patches), await numbersOf(fourth), 'patches')
})

test('a tensor computed before is the same operand as one computed along', async () => {
  const random = new Random(7)
  const [x, w] = [random.numbers([4, 16]), random.numbers([16, 16])]
  const step = (input: Float) => ops.gelu(ops.linear(input, weight(w)))
  const once = step(step(step(tensor(x))))
  let apart: Float = tensor(x)
  for (let i = 0; i < 3; i++) {
    apart = step(apart)
    await apart.data()
  }
  assertNumbers(await numbersOf(once), await numbersOf(apart), 'at once')
})

test.run()
