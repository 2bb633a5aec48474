import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { assertNumbers, type Nd, nd, numbersOf, Random, tensor } from './reference.js'

type Float = ops.FloatTensor

/** A kernel family, as a function of a batch: [N, ...sample] to [N, ...]. */
interface Family {
  readonly sample: readonly number[]
  readonly op: (x: Float) => Tensor
}

const random = new Random(1)
const weight = (shape: readonly number[]): Float =>
  constantFrom(Float32Array.from(random.numbers(shape).data), [...shape], 'float32')
const [w, wide, b] = [weight([65, 130]), weight([300, 700]), weight([65])]
const [dense, grouped, deep, patch] = [
  weight([24, 8, 3, 3]),
  weight([16, 2, 3, 3]),
  weight([8, 1, 7, 7]),
  weight([24, 8, 4, 4]),
]
const [k, v] = [weight([1, 2, 300, 33]), weight([1, 2, 300, 17])]
const table = weight([50, 40])
const image = [20, 24, 8]
const each = (x: Float, part: Float): Float => ops.expand(part, [x.shape[0]!, ...part.shape.slice(1)])

const families: Record<string, Family> = {
  'linear of rows': { sample: [37, 130], op: (x) => ops.gelu(ops.linear(x, w, b)) },
  'linear of a vector': { sample: [130], op: (x) => ops.linear(x, w, b) },
  'a large linear': { sample: [60, 700], op: (x) => ops.linear(x, wide) },
  'matmul of two batches': { sample: [30, 41], op: (x) => ops.matmul(x, ops.transpose(x)) },
  attention: { sample: [2, 120, 33], op: (x) => ops.attention(x, each(x, k), each(x, v)) },
  'causal attention': {
    sample: [2, 120, 33],
    op: (x) => ops.attention(x, each(x, k), each(x, v), { causal: true }),
  },
  'attention of one query': { sample: [2, 1, 33], op: (x) => ops.attention(x, each(x, k), each(x, v)) },
  'weights of attention': { sample: [2, 20, 33], op: (x) => ops.attentionWeights(x, each(x, k)) },
  convolution: { sample: image, op: (x) => ops.conv2d(x, dense, undefined, { padding: 1 }) },
  'a strided convolution': { sample: image, op: (x) => ops.conv2d(x, dense, undefined, { stride: 2 }) },
  'grouped convolution': { sample: image, op: (x) => ops.conv2d(x, grouped, undefined, { groups: 4 }) },
  'depthwise convolution': {
    sample: image,
    op: (x) => ops.conv2d(x, deep, undefined, { padding: 3, groups: 8 }),
  },
  patches: { sample: image, op: (x) => ops.conv2d(x, patch, undefined, { stride: 4 }) },
  pooling: { sample: image, op: (x) => ops.avgPool2d(x, { kernel: 3, stride: 2, padding: 1 }) },
  layerNorm: { sample: [50, 130], op: (x) => ops.layerNorm(x) },
  groupNorm: { sample: image, op: (x) => ops.groupNorm(x, 4) },
  softmax: { sample: [50, 130], op: (x) => ops.softmax(x) },
  'softmax along the first axis': { sample: [50, 130], op: (x) => ops.softmax(x, 1) },
  'sum of a row': { sample: [5000], op: (x) => ops.sum(x, 1) },
  'mean of places': { sample: image, op: (x) => ops.mean(x, [1, 2]) },
  'sum across rows': { sample: [300, 40], op: (x) => ops.sum(x, 1) },
  exp: { sample: [77], op: (x) => ops.exp(x) },
  'an addition': { sample: [33, 5], op: (x) => ops.add(x, ops.mul(x, 0.3)) },
  gather: { sample: [9], op: (x) => ops.gather(table, ops.cast(ops.mul(ops.abs(x), 40), 'int32')) },
  resize: { sample: image, op: (x) => ops.resize(x, 1, 33, { mode: 'bicubic' }) },
  'a permuted copy': { sample: image, op: (x) => ops.permute(x, [0, 3, 1, 2]) },
}

function batchOf(sample: readonly number[], count: number): Nd {
  return new Random(2).numbers([count, ...sample])
}

/** One sample of a batch, as a batch of its own. */
function alone({ shape, data }: Nd, index: number): Nd {
  const size = data.length / shape[0]!
  return nd([1, ...shape.slice(1)], data.slice(index * size, (index + 1) * size))
}

for (const [name, { sample, op }] of Object.entries(families)) {
  test(`${name}: the same bits for any number of threads, from run to run, alone and in a batch`, async () => {
    const batch = batchOf(sample, 7)
    const expected = Array.from(await op(tensor(batch)).data({ threads: 1 }), Number)
    for (const threads of [1, 2, 4, 0]) {
      const again = Array.from(await op(tensor(batch)).data({ threads }), Number)
      assertNumbers(again, expected, `${threads} threads`)
    }
    const size = expected.length / 7
    for (const index of [0, 3, 6]) {
      const one = await numbersOf(op(tensor(alone(batch, index))))
      assertNumbers(one, expected.slice(index * size, (index + 1) * size), `sample ${index} alone`)
    }
  })
}

// In front of the others they can: keys are added in blocks, which begin at the first one.
test('attention: masked keys behind the others change no bit, whatever their numbers', async () => {
  const random = new Random(3)
  for (const keys of [1, 63, 65, 300])
    for (const padding of [1, 200])
      for (const queries of [1, 9, keys]) {
        const q = tensor(random.numbers([1, 2, queries, 24]))
        const [k, v] = [
          random.numbers([1, 2, keys + padding, 24]),
          random.numbers([1, 2, keys + padding, 24]),
        ]
        const kept = (x: Nd) => ops.slice(tensor(x), { axis: 2, start: 0, end: keys }) as Float
        const lowest = -3.4028234663852886e38
        const mask = Array.from({ length: keys + padding }, (_, key) => (key < keys ? 0 : lowest))
        const want = await numbersOf(ops.attention(q, kept(k), kept(v)))
        const masked = { mask: tensor(nd([1, 1, 1, mask.length], mask)) }
        const got = await numbersOf(ops.attention(q, tensor(k), tensor(v), masked))
        assertNumbers(got, want, `${queries} queries, ${keys} keys, ${padding} masked ones`)
      }
})

test.run()
