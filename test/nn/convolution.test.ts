import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { activation } from '../../lib/nn/activation.js'
import { BatchNorm } from '../../lib/nn/batch-norm.js'
import { Convolution } from '../../lib/nn/convolution.js'
import { ConvolutionNorm } from '../../lib/nn/convolution-norm.js'
import { adaptiveAveragePool, globalPool } from '../../lib/nn/pooling.js'
import { standardized } from '../../lib/nn/standardize.js'
import type * as ops from '../../lib/ops/index.js'
import { data, instructionsOf, weight } from '../compiler/target.js'
import { Random, tensor } from '../ops/reference.js'
import { withReader } from './weights.js'

test('convolution, batch norm and activation are one instruction; the norm is folded into constants', () => {
  for (const [groups, op] of [
    [1, 'convolution'],
    [2, 'convolution'],
    [8, 'depthwise'],
  ] as const) {
    const convolution = new Convolution(weight([8, 8 / groups, 3, 3]), undefined, { padding: 1, groups })
    const norm = new BatchNorm(weight([8]), weight([8]))
    const all = new ConvolutionNorm(convolution, norm, activation('relu'))
    const instructions = instructionsOf(all.forward(data([1, 6, 6, 8])))
    assert.equal(
      instructions.map((each) => each.op),
      [op],
    )
  }
})

test('a folded batch norm equals the norm after the convolution', async () => {
  const random = new Random(4)
  const names = ['weight', 'bias', 'running_mean'] as const
  const stored = Object.fromEntries(names.map((name) => [`n.${name}`, random.numbers([6])]))
  const variance = { shape: [6], data: random.numbers([6]).data.map((value) => value ** 2 + 0.1) }
  const tensors = { ...stored, 'n.running_var': variance, 'c.weight': random.numbers([6, 4, 3, 3]) }
  await withReader({ ...tensors, 'c.bias': random.numbers([6]) }, async (reader) => {
    const shape = { inputs: 4, outputs: 6, kernel: 3 }
    const convolution = Convolution.read(reader, 'c', shape, { padding: 1 })
    const norm = BatchNorm.read(reader, 'n', 6, 1e-3)
    const x = tensor(random.numbers([2, 5, 7, 4])) as ops.FloatTensor
    const folded = await new ConvolutionNorm(convolution, norm).forward(x).data()
    const apart = await norm.forward(convolution.forward(x)).data()
    for (const [index, value] of apart.entries())
      assert.ok(Math.abs(folded[index]! - value) < 1e-5 * Math.max(1, Math.abs(value)))
  })
})

test('adaptive average pooling: windows that overlap, and repeat where the map is smaller', async () => {
  const random = new Random(5)
  for (const [height, width] of [
    [1, 1],
    [4, 9],
    [13, 6],
    [12, 7],
  ] as const) {
    const x = random.numbers([2, height, width, 3])
    const got = await adaptiveAveragePool(tensor(x) as ops.FloatTensor, [6, 5]).data()
    const window = (i: number, length: number, count: number) =>
      [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)] as const
    let at = 0
    for (let n = 0; n < 2; n++)
      for (let i = 0; i < 6; i++)
        for (let j = 0; j < 5; j++)
          for (let c = 0; c < 3; c++) {
            const [[top, bottom], [left, right]] = [window(i, height, 6), window(j, width, 5)]
            let sum = 0
            for (let y = top; y < bottom; y++)
              for (let z = left; z < right; z++) sum += x.data[((n * height + y) * width + z) * 3 + c]!
            const mean = sum / ((bottom - top) * (right - left))
            assert.ok(Math.abs(got[at++]! - mean) < 1e-6, `${height}x${width}: ${n} ${i} ${j} ${c}`)
          }
  }
})

test('global poolings', async () => {
  const x = tensor({ shape: [1, 2, 2, 2], data: [1, 10, 2, 20, 3, 30, 6, 60] }) as ops.FloatTensor
  const pooled = async (kind: Parameters<typeof globalPool>[1]) => [...(await globalPool(x, kind).data())]
  assert.equal(await pooled('average'), [3, 30])
  assert.equal(await pooled('max'), [6, 60])
  assert.equal(await pooled('average-max'), [4.5, 45])
  assert.equal(await pooled('average-and-max'), [3, 30, 6, 60])
})

test('standardised weights have mean 0 and the variance of the gain', async () => {
  const random = new Random(6)
  const weights = tensor(random.numbers([3, 4, 3, 3])) as ops.FloatTensor
  const gains = [1, 2, -3]
  const gain = tensor({ shape: [3], data: gains }) as ops.FloatTensor
  const got = await standardized(weights, 1e-8, gain).data()
  for (const [output, factor] of gains.entries()) {
    const row = [...got.slice(output * 36, (output + 1) * 36)]
    const mean = row.reduce((sum, value) => sum + value, 0) / 36
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 36
    assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - factor ** 2) < 1e-4)
  }
})

test.run()
