import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FusedLinear } from '../../lib/nn/fused-linear.js'
import { Linear, squeezedParameter } from '../../lib/nn/linear.js'
import { sameBits } from '../models/bits.js'
import { assertSame, permute, Random, tensor } from '../ops/reference.js'
import { rejects } from '../support/errors.js'
import { assertModule, constant, randomLinear } from './random-modules.js'
import * as reference from './reference.js'
import { withReader } from './weights.js'

const shapes = [[3, 5], [2, 7, 5], [5]] as const

test('a linear layer is x W^T + b: whole numbers bit for bit', async () => {
  const random = new Random(1)
  for (const shape of shapes) {
    const [x, weight, bias] = [
      random.integers(shape, -4, 4),
      random.integers([4, 5], -4, 4),
      random.integers([4], -9, 9),
    ]
    const expected =
      shape.length === 1
        ? reference.linear({ shape: [1, 5], data: x.data }, weight, bias)
        : reference.linear(x, weight, bias)
    const layer = new Linear(constant(weight), constant(bias))
    await assertSame(
      layer.forward(tensor(x)),
      { shape: [...shape.slice(0, -1), 4], data: expected.data },
      'y',
    )
  }
})

test('random numbers, with and without a bias', async () => {
  const random = new Random(2)
  for (const bias of [true, false]) {
    const { layer, forward } = randomLinear(random, 33, 17, bias)
    const x = random.numbers([2, 9, 33])
    await assertModule(layer.forward(tensor(x)), forward(x), `bias ${bias}`)
  }
})

test('a weight may be stored as [O, I] or as [I, O]: the results have the same bits', async () => {
  const random = new Random(3)
  const [weight, bias, x] = [random.numbers([6, 8]), random.numbers([6]), random.numbers([4, 8])]
  const stored = {
    'plain.weight': weight,
    'plain.bias': bias,
    'conv1d.weight': permute(weight, [1, 0]),
    'conv1d.bias': bias,
    'bare.weight': permute(weight, [1, 0]),
  }
  await withReader(stored, async (reader) => {
    const plain = Linear.read(reader, 'plain', 8, 6)
    const transposed = Linear.read(reader, 'conv1d', 8, 6, { transposed: true })
    assert.equal([...transposed.weight.shape], [6, 8])
    await assertModule(plain.forward(tensor(x)), reference.linear(x, weight, bias), 'plain')
    await sameBits(transposed.forward(tensor(x)), plain.forward(tensor(x)), 'transposed')
    const bare = Linear.read(reader, 'bare', 8, 6, { transposed: true, bias: false })
    await assertModule(bare.forward(tensor(x)), reference.linear(x, weight), 'without a bias')
    await rejects(
      () => Linear.read(reader, 'conv1d', 8, 6),
      'SHAPE_MISMATCH',
      /conv1d.weight: expected \[6, 8\].*got \[8, 6\]/,
    )
  })
})

test('a parameter may be stored with more or fewer axes of size 1', async () => {
  const x = new Random(6).numbers([1, 3, 2])
  await withReader({ a: x, b: { ...x, shape: [3, 2] }, c: { ...x, shape: [6] } }, async (reader) => {
    for (const name of ['a', 'b']) await assertSame(squeezedParameter(reader, name, [1, 3, 2]), x, name)
    await rejects(
      () => squeezedParameter(reader, 'c', [1, 3, 2]),
      'SHAPE_MISMATCH',
      /c: expected \[1, 3, 2\].*got \[6\]/,
    )
    await rejects(() => squeezedParameter(reader, 'd', [1, 3, 2]), 'TENSOR_MISSING', /no tensor d/)
    reader.ignore('c', 'it has another shape')
  })
})

test('fused layers give what each gives alone; a missing bias is zero', async () => {
  const random = new Random(4)
  const x = random.numbers([2, 3, 8])
  for (const biases of [
    [true, false, true],
    [false, false, false],
  ]) {
    const layers = [4, 6, 5].map((outputs, index) => randomLinear(random, 8, outputs, biases[index]))
    const fused = FusedLinear.of(layers.map(({ layer }) => layer))
    assert.equal(fused.widths, [4, 6, 5])
    assert.is(fused.layer.bias === undefined, !biases.includes(true))
    const results = fused.forward(tensor(x))
    assert.is(results.length, 3)
    for (const [index, { forward }] of layers.entries())
      await assertModule(results[index]!, forward(x), `layer ${index}`)
  }
})

test('fused layers are read from one matrix or from several', async () => {
  const random = new Random(5)
  const [x, weight, bias] = [random.numbers([3, 8]), random.numbers([10, 8]), random.numbers([10])]
  const rows = (start: number, end: number) => ({
    weight: { shape: [end - start, 8], data: weight.data.slice(8 * start, 8 * end) },
    bias: { shape: [end - start], data: bias.data.slice(start, end) },
  })
  const stored = {
    'whole.weight': weight,
    'whole.bias': bias,
    'q.weight': rows(0, 4).weight,
    'q.bias': rows(0, 4).bias,
    'v.weight': rows(4, 10).weight,
    'v.bias': rows(4, 10).bias,
  }
  await withReader(stored, async (reader) => {
    const whole = FusedLinear.read(reader, 'whole', 8, [4, 6]).forward(tensor(x))
    const apart = FusedLinear.read(reader, ['q', 'v'], 8, [4, 6]).forward(tensor(x))
    const expected = reference.linear(x, weight, bias)
    await assertModule(whole[0]!, reference.columns(expected, 0, 4), 'first')
    await assertModule(whole[1]!, reference.columns(expected, 4, 10), 'second')
    for (const index of [0, 1]) await sameBits(apart[index]!, whole[index]!, `layer ${index}`)
  })
})

test.run()
