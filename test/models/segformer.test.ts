import { test } from 'uvu'
import { load } from '../../lib/models/load.js'
import type { Segformer } from '../../lib/models/segformer/segformer.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['segformer', 'segformer-cls'])

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
