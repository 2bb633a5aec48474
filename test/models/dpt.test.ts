import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dpt } from '../../lib/models/dpt/dpt.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['depth-anything', 'depth-anything-metric', 'depth-odd'])
testGoldens(test, ['dpt-project', 'dpt-add', 'dpt-seg', 'dpt-dinov2'])
// A BiT in front, whose maps are read; images of other sizes, which are not whole patches.
testGoldens(test, ['dpt-hybrid', 'dpt-beit', 'dpt-swinv2'])

test('depth-anything: inputs and configs that do not fit', async () => {
  using model = await load<Dpt>(golden('depth-anything'))
  const pixelValues = Tensor.ones([1, 3, 6, 28]) as ops.FloatTensor
  await rejects(() => model.run({ pixelValues }), 'SHAPE_MISMATCH', /at least 7x7/)
  const changed = (config: object) => () => openChanged('depth-anything', config)
  await rejects(changed({ patch_size: 14 }), 'CONFIG_INVALID', /patch_size.*7x7/)
  await rejects(changed({ reassemble_factors: [4, 2, 1.5, 0.5] }), 'CONFIG_INVALID', /reassemble_factors\.2/)
  await rejects(changed({ reassemble_factors: [4, 2, 1] }), 'CONFIG_INVALID', /reassemble_factors.*4 factors/)
  await rejects(changed({ reassemble_factors: [4, 2, 1, 1e-9] }), 'LIMIT_EXCEEDED', /modelImageSide/)
  await rejects(changed({ head_in_index: 4 }), 'CONFIG_INVALID', /head_in_index/)
  await rejects(changed({ depth_estimation_type: 'far' }), 'CONFIG_INVALID', /depth_estimation_type/)
  const backbone = (config: object) =>
    changed({ backbone_config: { ...model.config.values.backbone_config!, ...config } })
  await rejects(backbone({ model_type: 'vit' }), 'CONFIG_INVALID', /backbone_config\.model_type.*dinov2/)
  await rejects(backbone({ out_indices: [1, 3, 2, 4] }), 'CONFIG_INVALID', /out_indices.*ascending/)
  await rejects(backbone({ out_indices: [1, 2, 4] }), 'CONFIG_INVALID', /neck_hidden_sizes.*3 widths/)
  await rejects(backbone({ reshape_hidden_states: true }), 'CONFIG_INVALID', /reshape_hidden_states/)
})

test('dpt: backbones that do not fit', async () => {
  using model = await load<Dpt>(golden('dpt-hybrid'))
  assert.equal(model.info.imageSize, [3, 48, 48])
  const pixelValues = Tensor.ones([1, 3, 48, 40]) as ops.FloatTensor
  await rejects(() => model.run({ pixelValues }), 'SHAPE_MISMATCH', /whole patches of 16x16/)
  const changed = (config: object) => () => openChanged('dpt-hybrid', config)
  const backbone = (config: object) =>
    changed({ backbone_config: { ...model.config.values.backbone_config!, ...config } })
  await rejects(changed({ patch_size: 8 }), 'CONFIG_INVALID', /patch_size.*16/)
  await rejects(
    changed({ neck_hidden_sizes: [16, 16, 10, 8] }),
    'CONFIG_INVALID',
    /neck_hidden_sizes.*16, 32/,
  )
  await rejects(backbone({ model_type: 'resnet' }), 'CONFIG_INVALID', /model_type.*bit/)
  const features = { out_indices: undefined, out_features: ['stage1', 'stage2'] }
  await rejects(backbone(features), 'CONFIG_INVALID', /out_features/)
  await rejects(() => openChanged('dpt-project', { is_hybrid: true }), 'CONFIG_INVALID', /patch_size/)
  const swin = { backbone_config: { model_type: 'swin' } }
  await rejects(() => openChanged('dpt-swinv2', swin), 'CONFIG_INVALID', /model_type.*swinv2/)
})

test.run()
