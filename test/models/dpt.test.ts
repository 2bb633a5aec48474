import { test } from 'uvu'
import type { Dpt } from '../../lib/models/dpt/dpt.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['depth-anything', 'depth-anything-metric', 'depth-odd'])
testGoldens(test, ['dpt-project', 'dpt-add', 'dpt-seg', 'dpt-dinov2'])

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
  await rejects(() => openChanged('dpt-project', { is_hybrid: true }), 'CONFIG_INVALID', /is_hybrid/)
})

test.run()
