import { test } from 'uvu'
import type { Beit } from '../../lib/models/beit/beit.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['beit', 'beit-model', 'beit-mim', 'beit-seg', 'beit-wide', 'data2vec-seg'])

test('beit: inputs and configs that do not fit', async () => {
  using model = await load<Beit>(golden('beit'))
  const pixelValues = Tensor.ones([1, 3, 16, 16]) as ops.FloatTensor
  const maskedPatches = Tensor.ones([1, 16], 'bool')
  await rejects(() => model.run({ pixelValues, maskedPatches }), 'INPUT_INVALID', /maskedPatches/)
  await rejects(
    () => model.run({ pixelValues: Tensor.ones([1, 3, 3, 16]) as ops.FloatTensor }),
    'SHAPE_MISMATCH',
    /at least 4x4/,
  )
  using segmenter = await load<Beit>(golden('beit-seg'))
  await rejects(
    () => segmenter.run({ pixelValues: Tensor.ones([1, 2, 3, 12]) as ops.FloatTensor }),
    'SHAPE_MISMATCH',
    /at least 6x6/,
  )
  const changed = (config: object) => () => openChanged('beit-seg', config)
  await rejects(changed({ out_indices: [1, 2, 3] }), 'CONFIG_INVALID', /out_indices.*four/)
  await rejects(changed({ out_indices: [1, 2, 3, 4, 4] }), 'CONFIG_INVALID', /out_indices.*four/)
  await rejects(changed({ out_indices: [1, 2, 3, 9] }), 'CONFIG_INVALID', /out_indices.*from 1 to 4/)
  await rejects(changed({ image_size: 15 }), 'SHAPE_MISMATCH', /relative_position_bias_table/)
})

test.run()
