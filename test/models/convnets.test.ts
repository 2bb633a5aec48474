import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Align, type ImageNetwork, load } from '../../lib/index.js'
import { timmArchitecture as nfnet } from '../../lib/models/nfnet/timm-architectures.js'
import { timmArchitecture as resnet } from '../../lib/models/resnet/timm-architectures.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { noise, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, [
  ...['resnet-basic', 'resnet-bottleneck', 'timm-resnet-basic', 'timm-resnet-bottleneck'],
  ...['timm-resnet-d', 'timm-resnext', 'timm-resnet-dilated', 'timm-resnet-eca'],
  ...[
    'timm-resnet-anti-aliasing',
    'timm-resnet-blur',
    'torchvision-resnet-basic',
    'torchvision-resnet-bottleneck',
    'bit-bottleneck',
  ],
  ...['bit-preactivation', 'bit-dynamic-padding', 'efficientnet', 'timm-nf-resnet'],
  ...['timm-nfnet-eca', 'timm-nfnet-f', 'timm-nfnet-reg', 'timm-nfnet-dilated'],
  ...['torchvision-alexnet', 'timm-mixer'],
  ...['resnet-model', 'efficientnet-model', 'align', 'align-token-types', 'timm-mixer-options'],
  ...['timm-hybrid-stem', 'timm-hybrid-stages'],
])

test('ALIGN: texts alone, images alone, and inputs that it cannot take', async () => {
  using model = await load<Align>(golden('align'))
  const pixelValues = Tensor.from(noise(3 * 36 * 36), [1, 3, 36, 36]) as ops.FloatTensor
  const inputIds = Tensor.from([5, 6, 7], [1, 3], 'int32')
  const both = await model.run({ inputIds, pixelValues })
  const text = await model.run({ inputIds })
  const image = await model.run({ pixelValues })
  await sameBits(text.textEmbeds!, both.textEmbeds!, 'text')
  await sameBits(image.imageEmbeds!, both.imageEmbeds!, 'image')
  assert.is(text.logitsPerText, undefined)
  assert.equal([...both.logitsPerImage!.shape], [1, 1])
  await rejects(() => model.run({}), 'INPUT_INVALID', /neither/)
  const types = { tokenTypeIds: Tensor.from([0, 1, 2], [1, 3], 'int32') }
  await rejects(() => model.run({ inputIds, ...types }), 'TOKEN_OUT_OF_RANGE', /tokenTypeIds/)
  const gray = Tensor.zeros([1, 1, 36, 36])
  await rejects(() => model.run({ pixelValues: gray }), 'SHAPE_MISMATCH', /\[batch, 3, height, width\]/)
})

test('images of a size that a network cannot take', async () => {
  using alexnet = await load<ImageNetwork>(golden('torchvision-alexnet'))
  const small = { pixelValues: Tensor.zeros([1, 3, 62, 100]) as ops.FloatTensor }
  await rejects(() => alexnet.run(small), 'SHAPE_MISMATCH', /at least 63x63/)
  using mixer = await load<ImageNetwork>(golden('timm-mixer'))
  const other = { pixelValues: Tensor.zeros([1, 3, 16, 20]) as ops.FloatTensor }
  await rejects(() => mixer.run(other), 'SHAPE_MISMATCH', /16x16/)
})

test('configs that do not fit', async () => {
  const changed = (name: string, changes: object) => () => openChanged(name, changes)
  const timm = (name: string, model_args: object) => changed(name, { model_args })
  const refused: readonly (readonly [open: () => Promise<unknown>, message: RegExp])[] = [
    [changed('resnet-basic', { layer_type: 'v2' }), /layer_type.*bottleneck/],
    [changed('resnet-basic', { depths: [1] }), /hidden_sizes.*1 widths/],
    [changed('resnet-basic', { depths: [] }), /depths.*at least one/],
    [changed('resnet-bottleneck', { hidden_sizes: [2, 24, 32, 40] }), /hidden_sizes.*at least 4/],
    [changed('bit-bottleneck', { global_padding: 'VALID' }), /global_padding.*SAME/],
    [changed('efficientnet', { hidden_dim: 1280 }), /hidden_dim.*128/],
    [changed('efficientnet', { strides: [1, 3, 2, 2, 1, 2, 1] }), /strides.*1 and 2/],
    [changed('efficientnet', { strides: [1] }), /strides.*7 numbers/],
    [changed('align', { projection_dim: 31 }), /projection_dim.*32/],
    [timm('timm-resnet-d', { stem_type: 'wide' }), /stem_type.*deep_tiered/],
    [timm('timm-resnet-d', { output_stride: 4 }), /output_stride.*8, 16 or 32/],
    [timm('timm-resnet-d', { layers: [1, 1] }), /layers.*four/],
    [timm('timm-resnet-d', { block_args: { attn_layer: 'cbam' } }), /block_args\.attn_layer.*eca/],
    [timm('timm-resnet-basic', { cardinality: 2 }), /cardinality.*basic/],
    [timm('timm-resnet-d', { colour: 'red' }), /colour.*supported are/],
    [timm('timm-nfnet-f', { group_size: 1000 }), /group_size.*at most/],
    [timm('timm-nfnet-f', { act_layer: 'mish' }), /act_layer.*silu/],
    [timm('timm-nfnet-f', { attn_kwargs: { kernel: 3 } }), /attn_kwargs\.kernel/],
    [changed('torchvision-alexnet', { args: { widths: [8] } }), /widths.*5/],
    [changed('timm-mixer', { args: { mlp_ratio: [1, 2, 3] } }), /mlp_ratio.*two/],
    [
      changed('timm-hybrid-stages', { args: { vit: {}, backbone: { layers: [1, 1], channels: [128] } } }),
      /channels.*as many/,
    ],
  ]
  for (const [open, message] of refused) await rejects(open, 'CONFIG_INVALID', message)
  await rejects(changed('resnet-basic', { depths: [1, 2, 1, 1e9] }), 'LIMIT_EXCEEDED', /layers/)
  await rejects(changed('efficientnet', { depth_coefficient: 1e9 }), 'LIMIT_EXCEEDED', /layers/)
  const huge = { pretrained_cfg: { input_size: [3, 2 ** 32, 32] } }
  await rejects(changed('timm-nfnet-f', huge), 'LIMIT_EXCEEDED', /modelImageSide/)
  await rejects(timm('timm-nfnet-f', { depths: [1e9, 1] }), 'LIMIT_EXCEEDED', /layers/)
  await rejects(
    changed('resnet-basic', { embedding_size: 12 }),
    'SHAPE_MISMATCH',
    /12.*by the model's config/,
  )
})

test('architecture names of timm imply arguments', () => {
  assert.equal(resnet('resnext50d_32x4d.bt_in1k'), {
    ...{ block: 'bottleneck', layers: [3, 4, 6, 3], stem_type: 'deep', stem_width: 32, avg_down: true },
    ...{ cardinality: 32, base_width: 4 },
  })
  assert.is(resnet('wide_resnet101_2')!.base_width, 128)
  assert.equal(resnet('ecaresnet26t')!.block_args, { attn_layer: 'eca' })
  assert.equal(resnet('resnetrs270')!.layers, [4, 29, 53, 4])
  for (const name of ['resnet50x4_clip', 'resnet51q', 'resnest50d', 'resnext50', 'wide_resnet50'])
    assert.is(resnet(name), undefined, name)
  assert.equal(nfnet('eca_nfnet_l1.ra2_in1k')!.depths, [2, 4, 12, 6])
  assert.is(nfnet('nf_regnet_b1')!.num_features, 1280)
  assert.is(nfnet('dm_nfnet_f0')!.skipinit, true)
  for (const name of ['nf_resnet18', 'dm_nfnet_f7', 'nf_regnet_b6', 'nfnet_l1'])
    assert.is(nfnet(name), undefined, name)
})

test.run()
