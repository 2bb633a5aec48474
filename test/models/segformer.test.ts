import { test } from 'uvu'
import { load } from '../../lib/models/load.js'
import type { Segformer } from '../../lib/models/segformer/segformer.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['segformer', 'segformer-cls'])

test('segformer: the same bits for any number of threads, alone or in a batch', async () => {
  using model = await load<Segformer>(golden('segformer'))
  const pixelValues = Tensor.from(noise(2 * 3 * 50 * 77), [2, 3, 50, 77]) as ops.FloatTensor
  const result = async (pixels: ops.FloatTensor, threads: number) =>
    (await model.run({ pixelValues: pixels }, { threads })).logits!
  const want = await result(pixelValues, 1)
  for (const threads of [2, 4]) await sameBits(await result(pixelValues, threads), want, `${threads} threads`)
  const second = { axis: 0, start: 1, end: 2 } as const
  await sameBits(await result(ops.slice(pixelValues, second), 1), ops.slice(want, second), 'alone')
})

test('segformer: inputs and configs that do not fit', async () => {
  using model = await load<Segformer>(golden('segformer'))
  const run = (height: number, width: number) => () =>
    model.run({ pixelValues: Tensor.ones([1, 3, height, width]) as ops.FloatTensor })
  await rejects(run(28, 64), 'SHAPE_MISMATCH', /stage 1 is at least 8x8.*28x64, with a map of 7x16/)
  const changed = (config: object) => () => openChanged('segformer', config)
  await rejects(changed({ depths: [1, 2] }), 'CONFIG_INVALID', /depths.*4 numbers/)
  await rejects(changed({ mlp_ratios: [2, 2, 2, 0] }), 'CONFIG_INVALID', /mlp_ratios\.3/)
  await rejects(changed({ num_attention_heads: [1, 3, 3, 4] }), 'CONFIG_INVALID', /num_attention_heads.*8/)
  await rejects(changed({ sr_ratios: [8, 4, 2, 2] }), 'TENSOR_MISSING', /attention\.self\.sr/)
})

test.run()
