import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { Swin } from '../../lib/models/swin/swin.js'
import { timmArchitecture } from '../../lib/models/swin/timm-architectures.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, [
  ...['swin', 'swin-model', 'swin-mim'],
  // Windows larger than the last grid; images of other sizes, one smaller than a window; keys without a bias.
  ...['swinv2', 'swinv2-model'],
  // Windows that do not divide the grid, and others for each stage; the grid of the last stage has odd sides.
  ...['timm-swin', 'timm-swinv2'],
])

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

test('swinv2: configs that do not fit', async () => {
  const changed = (config: object) => () => openChanged('swinv2', config)
  await rejects(changed({ use_absolute_embeddings: true }), 'CONFIG_INVALID', /use_absolute_embeddings/)
  await rejects(changed({ pretrained_window_sizes: [4, 1] }), 'CONFIG_INVALID', /pretrained_window_sizes/)
  await rejects(changed({ pretrained_window_sizes: [4] }), 'CONFIG_INVALID', /pretrained_window_sizes/)
  await rejects(changed({ image_size: 4 }), 'CONFIG_INVALID', /image_size/)
  await rejects(changed({ image_size: 1200, window_size: 200 }), 'LIMIT_EXCEEDED', /windowPositions/)
})

const { model_args: swinArguments } = JSON.parse(
  readFileSync(join(golden('timm-swin'), 'config.json'), 'utf8'),
)

test('timm: images of the size of the model, and arguments that do not fit', async () => {
  using model = await load<Swin>(golden('timm-swinv2'))
  const pixelValues = Tensor.ones([1, 3, 64, 32]) as ops.FloatTensor
  await rejects(() => model.run({ pixelValues }), 'SHAPE_MISMATCH', /32x64/)
  const changed = (args: object) => () =>
    openChanged('timm-swin', { model_args: { ...swinArguments, ...args } })
  await rejects(changed({ img_size: [42, 58] }), 'CONFIG_INVALID', /img_size/)
  await rejects(changed({ strict_img_size: false }), 'CONFIG_INVALID', /strict_img_size/)
  await rejects(changed({ window_size: [1, 2, 3, 0] }), 'CONFIG_INVALID', /window_size/)
  await rejects(changed({ pretrained_window_sizes: [1] }), 'CONFIG_INVALID', /pretrained_window_sizes/)
  await rejects(changed({ global_pool: '' }), 'CONFIG_INVALID', /global_pool/)
})

test('architecture names of timm imply arguments', () => {
  const base = { embed_dim: 128, depths: [2, 2, 18, 2], num_heads: [4, 8, 16, 32] }
  const old = { version: 1, ...base, window_size: 12, img_size: 384 }
  assert.equal(timmArchitecture('swin_base_patch4_window12_384.ms_in22k'), old)
  const larger = {
    version: 2,
    ...base,
    window_size: 24,
    img_size: 384,
    pretrained_window_sizes: [12, 12, 12, 6],
  }
  assert.equal(timmArchitecture('swinv2_base_window12to24_192to384.ms_in22k_ft_in1k'), larger)
  assert.equal(timmArchitecture('swin_s3_base_224')!.depths, [2, 2, 30, 2])
  for (const name of ['swin_giant_patch4_window7_224', 'swinv2_cr_tiny_224', 'swinv2_base_window12to24_192'])
    assert.is(timmArchitecture(name), undefined, name)
})

test('the names of the authors: the merging of patches belongs to the stage before it', async () => {
  using want = await load<Swin>(golden('timm-swin'))
  using model = await openChanged<Swin>('timm-swin', {}, (weights) => {
    for (const [name, weight] of [...weights]) {
      weights.delete(name)
      const moved = name.replace(/^layers\.(\d+)\.downsample/, (_, stage) => `layers.${stage - 1}.downsample`)
      weights.set(moved.replace(/^head\.fc\./, 'head.'), weight)
    }
  })
  const pixelValues = Tensor.from(noise(2 * 42 * 57), [1, 2, 42, 57]) as ops.FloatTensor
  await sameBits(
    (await model.run({ pixelValues })).logits!,
    (await want.run({ pixelValues })).logits!,
    'logits',
  )
})

test.run()
