import { test } from 'uvu'
import { load } from '../../lib/models/load.js'
import type { Swin } from '../../lib/models/swin/swin.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['swin', 'swin-model', 'swin-mim'])

test('swin: inputs and configs that do not fit', async () => {
  using model = await load<Swin>(golden('swin-model'))
  const images = (height: number, width: number) => Tensor.ones([1, 2, height, width]) as ops.FloatTensor
  const run = (height: number, width: number) => () => model.run({ pixelValues: images(height, width) })
  await rejects(run(12, 24), 'SHAPE_MISMATCH', /at least 13x13/)
  await rejects(run(24, 27), 'SHAPE_MISMATCH', /8x8 patches.*interpolatePositions/)
  const maskedPatches = Tensor.ones([1, 64], 'bool')
  await rejects(
    () => model.run({ pixelValues: images(24, 24), maskedPatches }),
    'INPUT_INVALID',
    /maskedPatches/,
  )
  const changed = (config: object) => () => openChanged('swin', config)
  await rejects(changed({ num_heads: [2] }), 'CONFIG_INVALID', /num_heads.*2 numbers/)
  await rejects(changed({ num_heads: [2, 5] }), 'CONFIG_INVALID', /num_heads.*24/)
  await rejects(changed({ window_size: 100 }), 'LIMIT_EXCEEDED', /windowPositions/)
  await rejects(changed({ window_size: 5 }), 'SHAPE_MISMATCH', /relative_position_bias_table/)
})

test.run()
