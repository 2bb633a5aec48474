import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConvNext } from '../../lib/models/convnext/convnext.js'
import { load } from '../../lib/models/load.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

const cases = [
  ...['convnext-v1', 'convnext-v2', 'timm-convnext', 'timm-convnext-conv-mlp', 'timm-convnextv2'],
  'torchvision-convnext',
]
testGoldens(test, [...cases, 'dinov3-convnext'])

for (const name of cases) {
  test(`${name}: the same bits for any number of threads, in every run, alone or in a batch`, async () => {
    using model = (await load(golden(name))) as ConvNext
    const shape = [3, 3, 64, 40] as const
    const pixelValues = Tensor.from(noise(3 * 3 * 64 * 40), shape) as ops.FloatTensor
    const want = await model.run({ pixelValues }, { hiddenStates: true, threads: 1 })
    for (const threads of [1, 2, 4]) {
      const got = await model.run({ pixelValues }, { hiddenStates: true, threads })
      await sameBits(got.logits!, want.logits!, `${threads} threads`)
      for (const [index, state] of want.hiddenStates!.entries())
        await sameBits(got.hiddenStates![index]!, state, `${threads} threads, state ${index}`)
    }
    const second = ops.slice(pixelValues, { axis: 0, start: 1, end: 2 })
    const alone = Tensor.from(await second.data(), [1, 3, 64, 40]) as ops.FloatTensor
    const { logits, lastHiddenState } = await model.run({ pixelValues: alone })
    await sameBits(logits!, ops.slice(want.logits!, { axis: 0, start: 1, end: 2 }), 'alone')
    await sameBits(lastHiddenState, ops.slice(want.lastHiddenState, { axis: 0, start: 1, end: 2 }), 'alone')
  })
}

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

test('inputs and options that the model does not have are errors', async () => {
  using model = await load(golden('convnext-v2'))
  const pixelValues = Tensor.zeros([1, 3, 64, 40])
  const text = { inputIds: Tensor.from([1], [1, 1], 'int32') }
  const notBoolean: object = { hiddenStates: 1 }
  await rejects(() => model.run({}), 'INPUT_INVALID', /pixelValues/)
  await rejects(() => model.run({ pixelValues, ...text }), 'OPTION_UNKNOWN', /inputs.*got 'inputIds'/)
  await rejects(() => model.run({ pixelValues }, { attentions: true }), 'OPTION_UNKNOWN', /got 'attentions'/)
  await rejects(() => model.run({ pixelValues }, notBoolean), 'OPTION_INVALID', /hiddenStates.*got 1/)
})

test.run()
