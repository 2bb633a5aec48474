import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clip } from '../../lib/models/clip/clip.js'
import type { ImageEncoder } from '../../lib/models/clip/encoders.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, [
  ...['siglip', 'siglip2-fixed', 'siglip2-naflex'],
  // Made with transformers 5.18: the classifier averages the patches that are no padding; an encoder without its pooling.
  ...['siglip2-classifier', 'siglip-vision-no-head'],
])

const patches = (batch: number, count: number): ops.FloatTensor =>
  Tensor.from(noise(batch * count * 48), [batch, count, 48])
const counts = (rows: readonly (readonly number[])[]) =>
  Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64') as Tensor<'int64'>

test('NaFlex: bad inputs have codes', async () => {
  using model = await load<Clip>(golden('siglip2-naflex'))
  const pixelValues = patches(1, 6)
  const spatialShapes = counts([[2, 3]])
  await rejects(() => model.run({ pixelValues }), 'INPUT_INVALID', /spatialShapes/)
  for (const shape of [
    [0, 3],
    [3, 3],
    [-1, -6],
  ])
    await rejects(
      () => model.run({ pixelValues, spatialShapes: counts([shape]) }),
      'INPUT_INVALID',
      /image 0/,
    )
  const two = counts([
    [2, 3],
    [2, 3],
  ])
  await rejects(() => model.run({ pixelValues, spatialShapes: two }), 'SHAPE_MISMATCH', /spatialShapes/)
  const mask = counts([[1, 1]])
  await rejects(
    () => model.run({ pixelValues, spatialShapes, pixelAttentionMask: mask }),
    'SHAPE_MISMATCH',
    /pixelAttentionMask/,
  )
  const pictures: ops.FloatTensor = Tensor.from(noise(768), [1, 3, 16, 16])
  await rejects(() => model.run({ pixelValues: pictures, spatialShapes }), 'SHAPE_MISMATCH', /pixelValues/)
  await rejects(() => model.run({ spatialShapes }), 'INPUT_INVALID', /pixelValues/)
  const options = { interpolatePositions: true }
  await rejects(() => model.run({ pixelValues, spatialShapes }, options), 'OPTION_INVALID', /interpolate/)
  using fixed = await load<Clip>(golden('siglip'))
  await rejects(() => fixed.run({ pixelValues: pictures, spatialShapes }), 'INPUT_INVALID', /spatialShapes/)
})

test('bad configs name their keys', async () => {
  const open = (name: string, vision: object) =>
    openChanged<Clip>(name, { vision_config: { hidden_size: 24, ...vision } })
  await rejects(() => open('siglip', { vision_use_head: false }), 'CONFIG_INVALID', /vision_use_head/)
  await rejects(() => open('siglip2-naflex', { num_patches: 15 }), 'CONFIG_INVALID', /num_patches/)
  await rejects(() => open('siglip', { hidden_act: 'wave' }), 'CONFIG_INVALID', /hidden_act/)
  await rejects(() => open('siglip', { num_attention_heads: 7 }), 'CONFIG_INVALID', /num_attention_heads/)
  await rejects(() => open('siglip', { image_size: 1e6, patch_size: 4 }), 'LIMIT_EXCEEDED', /modelImageSide/)
})

test('a model without architectures is the class whose weights are stored', async () => {
  using model = await openChanged<ImageEncoder>('siglip2-classifier', { architectures: null })
  assert.is(model.info.layout, 'transformers Siglip2ForImageClassification')
  assert.is(model.info.labels?.length, 4)
})

test.run()
