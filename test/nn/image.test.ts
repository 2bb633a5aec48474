// Convolution and PatchEmbedding: from images, channels last and channels first, to features.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Convolution } from '../../lib/nn/convolution.js'
import { PatchEmbedding } from '../../lib/nn/patch.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { at, fill, type Nd, Random, range, tensor } from '../ops/reference.js'
import { rejects } from '../support/errors.js'
import { assertModule } from './random-modules.js'
import { withReader } from './weights.js'

interface Kind {
  readonly stride?: number
  readonly padding?: number
  readonly groups?: number
}

/** x [B, H, W, I], weight [O, I / groups, k, k]. */
function convolution(x: Nd, weight: Nd, bias: Nd | undefined, { stride = 1, padding = 0, groups = 1 }: Kind) {
  const [batch, height, width] = x.shape as [number, number, number]
  const [outputs, inputs, kernel] = weight.shape as [number, number, number]
  const size = (side: number) => Math.floor((side + 2 * padding - kernel) / stride) + 1
  return fill([batch, size(height), size(width), outputs], ([b, row, column, o]) => {
    const first = Math.floor(o! / (outputs / groups)) * inputs
    let sum = bias?.data[o!] ?? 0
    for (const i of range(inputs))
      for (const dy of range(kernel))
        for (const dx of range(kernel)) {
          const [y, z] = [row! * stride + dy - padding, column! * stride + dx - padding]
          if (y < 0 || z < 0 || y >= height || z >= width) continue
          sum += at(x, [b!, y, z, first + i]) * at(weight, [o!, i, dy, dx])
        }
    return sum
  })
}

const kinds: readonly (readonly [string, Kind, boolean])[] = [
  ['dense', {}, true],
  ['dense, stride 2, padding 1, no bias', { stride: 2, padding: 1 }, false],
  ['grouped', { groups: 2, padding: 1 }, true],
  ['depthwise', { groups: 8, padding: 1 }, true],
  ['patches', { stride: 3 }, true],
]

for (const [name, { groups = 1, ...options }, bias] of kinds)
  test(`convolution: ${name}`, async () => {
    const random = new Random(1)
    const outputs = groups === 8 ? 8 : 6
    const x = random.numbers([2, 9, 7, 8])
    const weight = random.numbers([outputs, 8 / groups, 3, 3], 0.2)
    const vector = bias ? random.numbers([outputs]) : undefined
    await withReader({ 'c.weight': weight, ...(vector && { 'c.bias': vector }) }, async (reader) => {
      const shape = { inputs: 8, outputs, kernel: 3, groups, bias }
      const module = Convolution.read(reader, 'c', shape, options)
      const expected = convolution(x, weight, vector, { ...options, groups })
      await assertModule(module.forward(tensor(x)), expected, name)
    })
  })

test('patches that are not square; incomplete patches are dropped', async () => {
  const random = new Random(2)
  const [channels, width, ph, pw] = [3, 10, 2, 4]
  const [weight, bias] = [random.numbers([width, channels, ph, pw], 0.2), random.numbers([width])]
  const pixels = random.numbers([2, channels, 7, 9])
  await withReader({ 'p.weight': weight, 'p.bias': bias }, async (reader) => {
    const module = PatchEmbedding.read(reader, 'p', { channels, width, patch: [ph, pw] })
    assert.equal(module.patch, [ph, pw])
    const expected = fill([2, 3, 2, width], ([b, row, column, o]) => {
      let sum = bias.data[o!]!
      for (const c of range(channels))
        for (const y of range(ph))
          for (const x of range(pw))
            sum += at(pixels, [b!, c, row! * ph + y, column! * pw + x]) * at(weight, [o!, c, y, x])
      return sum
    })
    await assertModule(module.forward(tensor(pixels)), expected, 'patches')
    await rejects(() => module.forward(Tensor.zeros([1, 3, 1, 9])), 'SHAPE_MISMATCH', /patch of 2x4.*1, 9/)
    await rejects(() => module.forward(Tensor.zeros([1, 4, 7, 9])), 'SHAPE_MISMATCH', /\[batch, 3, /)
  })
})

test.run()
