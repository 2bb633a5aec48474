import { test } from 'uvu'
import { LayerNorm, RmsNorm } from '../../lib/nn/norm.js'
import { Random, tensor } from '../ops/reference.js'
import { assertModule, randomLayerNorm, randomRmsNorm } from './random-modules.js'
import * as reference from './reference.js'
import { withReader } from './weights.js'

test('layer norm and RMS norm over the last axis', async () => {
  const random = new Random(1)
  for (const shape of [[2, 3, 16], [5, 7], [33]]) {
    const width = shape.at(-1)!
    const x = random.numbers(shape, 3)
    const [layer, rms] = [randomLayerNorm(random, width), randomRmsNorm(random, width)]
    await assertModule(layer.norm.forward(tensor(x)), layer.forward(x), `layer norm of [${shape}]`)
    await assertModule(rms.norm.forward(tensor(x)), rms.forward(x), `RMS norm of [${shape}]`)
  }
})

test('epsilon counts where a row hardly varies', async () => {
  const random = new Random(2)
  const x = random.numbers([4, 16], 1e-3)
  for (const epsilon of [1e-12, 1e-5, 1e-2]) {
    const { norm, forward } = randomLayerNorm(random, 16, epsilon)
    await assertModule(norm.forward(tensor(x)), forward(x), `epsilon ${epsilon}`, 8)
  }
})

test('norms are read by name, layer norms with or without a bias', async () => {
  const random = new Random(3)
  const [x, weight, bias] = [random.numbers([3, 8]), random.numbers([8]), random.numbers([8])]
  const stored = { 'a.weight': weight, 'a.bias': bias, 'b.weight': weight, 'c.weight': weight }
  await withReader(stored, async (reader) => {
    const given = tensor(x)
    const layer = LayerNorm.read(reader, 'a', 8, 1e-5)
    await assertModule(layer.forward(given), reference.layerNorm(x, weight, bias, 1e-5), 'a')
    const bare = LayerNorm.read(reader, 'b', 8, 1e-5, { bias: false })
    await assertModule(bare.forward(given), reference.layerNorm(x, weight, undefined, 1e-5), 'b')
    const rms = RmsNorm.read(reader, 'c', 8, 1e-6)
    await assertModule(rms.forward(given), reference.rmsNorm(x, weight, 1e-6), 'c')
  })
})

test.run()
