import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Beit } from '../../lib/models/beit/beit.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['beit', 'beit-model', 'beit-mim', 'beit-seg', 'beit-wide', 'data2vec-seg'])
// A grid that is no square; the class token, all three kinds of positions, no layer scale and no biases.
testGoldens(test, ['timm-beit', 'timm-beit-token'])

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

test('timm: images of the size of the model, and arguments that do not fit', async () => {
  using model = await load<Beit>(golden('timm-beit'))
  assert.equal(model.info.imageSize, [2, 12, 20])
  const pixelValues = Tensor.ones([1, 2, 20, 12]) as ops.FloatTensor
  await rejects(() => model.run({ pixelValues }), 'SHAPE_MISMATCH', /12x20/)
  const changed = (args: object) => () =>
    openChanged('timm-beit', { model_args: { ...model.config.values.model_args!, ...args } })
  await rejects(changed({ swiglu_mlp: true }), 'CONFIG_INVALID', /swiglu_mlp/)
  await rejects(changed({ global_pool: '' }), 'CONFIG_INVALID', /global_pool/)
  await rejects(changed({ num_heads: 5 }), 'CONFIG_INVALID', /num_heads/)
  await rejects(changed({ window_size: 7 }), 'CONFIG_INVALID', /window_size/)
})

test('the names of the authors of BEiT v2, under the prefix of their training', async () => {
  using want = await load<Beit>(golden('timm-beit'))
  using model = await openChanged<Beit>('timm-beit', {}, (weights) => {
    for (const [name, weight] of [...weights]) {
      weights.delete(name)
      weights.set(`module.${name}`, weight)
    }
    weights.set('module.blocks.0.attn.relative_position_index', { shape: [1], data: new Float32Array(1) })
  })
  const pixelValues = Tensor.from(noise(2 * 12 * 20), [1, 2, 12, 20]) as ops.FloatTensor
  await sameBits(
    (await model.run({ pixelValues })).logits!,
    (await want.run({ pixelValues })).logits!,
    'logits',
  )
})

test.run()
