import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConvNext } from '../../lib/models/convnext/convnext.js'
import { load } from '../../lib/models/load.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

const cases = [
  ...['convnext-v1', 'convnext-v2', 'timm-convnext', 'timm-convnext-conv-mlp', 'timm-convnextv2'],
  'torchvision-convnext',
]
testGoldens(test, [...cases, 'dinov3-convnext'])

test('hidden states are channels first, and asking for them changes no bit', async () => {
  using model = (await load(golden('convnext-v2'))) as ConvNext
  const pixelValues = Tensor.from(noise(3 * 64 * 40), [1, 3, 64, 40]) as ops.FloatTensor
  const plain = await model.run({ pixelValues })
  const asked = await model.run({ pixelValues }, { hiddenStates: true })
  assert.is(plain.hiddenStates, undefined)
  assert.equal(
    asked.hiddenStates!.map(({ shape }) => [...shape]),
    [
      [1, 6, 16, 10],
      [1, 6, 16, 10],
      [1, 8, 8, 5],
      [1, 12, 4, 2],
      [1, 16, 2, 1],
    ],
  )
  await sameBits(asked.logits!, plain.logits!, 'logits')
})

test('configs that do not fit', async () => {
  const timm = (model_args: object) => () => openChanged('timm-convnext', { model_args })
  const sizes = { depths: [1, 1, 2, 1], dims: [6, 8, 12, 16], num_classes: 5 }
  await rejects(timm({ ...sizes, depths: [1, 1] }), 'CONFIG_INVALID', /model_args\.depths.*four/)
  await rejects(timm({ ...sizes, stem_type: 'round' }), 'CONFIG_INVALID', /stem_type.*overlap/)
  await rejects(timm({ ...sizes, output_stride: 16 }), 'CONFIG_INVALID', /output_stride.*32/)
  await rejects(timm({ ...sizes, colour: 'red' }), 'CONFIG_INVALID', /colour/)
  const input = { pretrained_cfg: { input_size: [3, 64, 40, 1] } }
  await rejects(() => openChanged('timm-convnext', input), 'CONFIG_INVALID', /input_size.*height and width/)
  await rejects(timm({ ...sizes, use_grn: true }), 'TENSOR_MISSING', /grn/)
  await rejects(timm({ ...sizes, ls_init_value: null }), 'TENSOR_UNEXPECTED', /gamma/)
  await rejects(
    () => openChanged('convnext-v1', { hidden_sizes: [6, 8] }),
    'CONFIG_INVALID',
    /hidden_sizes.*4/,
  )
  await rejects(
    () => openChanged('torchvision-convnext', { args: { block_setting: [[6, 8]], num_classes: 5 } }),
    'CONFIG_INVALID',
    /block_setting/,
  )
  await rejects(
    () => openChanged('timm-convnext', { architecture: 'convnext_titanic' }),
    'ARCHITECTURE_UNSUPPORTED',
    /convnext_titanic/,
  )
})

test.run()
