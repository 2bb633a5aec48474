import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clip } from '../../lib/models/clip/clip.js'
import { ImageTower } from '../../lib/models/clip/image-tower.js'
import { load } from '../../lib/models/load.js'
import { evaArchitecture } from '../../lib/models/vit/timm-eva-architectures.js'
import { evaArgumentsOf } from '../../lib/models/vit/timm-eva-arguments.js'
import { evaNames } from '../../lib/models/vit/timm-eva-names.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { WeightReader } from '../../lib/weights/reader.js'
import { rejects } from '../support/errors.js'
import { noise } from './bits.js'
import { golden, testGoldens } from './goldens.js'

testGoldens(test, [
  ...['open-clip-gelu', 'open-clip-quick-gelu', 'open-clip-custom-text'],
  // Made with open_clip 3.3: a token behind the text, whose mask is off by one; blocks with more norms.
  ...['open-clip-class-token', 'open-clip-custom-block'],
  // A ResNet of an image size that its strides do not divide.
  'open-clip-resnet',
])

type Json = Record<string, unknown>

/** Opens a copy of a case whose model_cfg is changed. */
async function changed(name: string, change: (model: Record<string, Json>) => void): Promise<Clip> {
  const dir = mkdtempSync(join(tmpdir(), 'saccade-open-clip-'))
  try {
    cpSync(golden(name), dir, { recursive: true })
    const file = join(dir, 'open_clip_config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    change(config.model_cfg)
    writeFileSync(file, JSON.stringify(config))
    return await load<Clip>(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const unsupported: readonly [part: string | undefined, key: string, value: unknown][] = [
  [undefined, 'multimodal_cfg', {}],
  [undefined, 'vision_cfg', null],
  [undefined, 'embed_dim', '16'],
  ['vision_cfg', 'attentional_pool', true],
  ['vision_cfg', 'layers', [3, 4, 6]],
  ['vision_cfg', 'pool_type', 'none'],
  ['vision_cfg', 'scale_attn', true],
  ['vision_cfg', 'scaled_cosine_attn', true],
  ['vision_cfg', 'pos_embed_type', 'none'],
  ['vision_cfg', 'head_width', 48],
  ['vision_cfg', 'timm_model_name', 'resnet50'],
  ['vision_cfg', 'surprise', 1],
  ['text_cfg', 'hf_model_name', 'roberta-base'],
  ['text_cfg', 'scale_heads', true],
  ['text_cfg', 'pool_type', 'none'],
  ['text_cfg', 'embed_cls', true],
  ['text_cfg', 'proj_type', 'none'],
  ['text_cfg', 'act_kwargs', { alpha: 2 }],
  ['text_cfg', 'norm_kwargs', { elementwise_affine: false }],
  ['text_cfg', 'tokenizer_mode', 'clips'],
]

for (const [part, key, value] of unsupported)
  test(`${part ?? 'model_cfg'}: ${key} = ${JSON.stringify(value)} is an error that names it`, async () => {
    const named = key === 'proj_type' ? 'width' : key
    await rejects(
      () =>
        changed('open-clip-gelu', (model) => {
          if (part === undefined) Object.assign(model, { [key]: value })
          else model[part]![key] = value
        }),
      'CONFIG_INVALID',
      new RegExp(named),
    )
  })

test('what is for the training, or without effect, is accepted', async () => {
  using model = await changed('open-clip-gelu', (config) => {
    Object.assign(config.vision_cfg!, {
      patch_dropout: 0.5,
      timm_model_name: '',
      block_type: 'default',
      qk_norm: true,
    })
    Object.assign(config.text_cfg!, { final_ln_after_pool: true, hf_tokenizer_name: '' })
    Object.assign(config, { init_logit_scale: 2, cast_dtype: null })
  })
  assert.is(model.info.layout, 'open_clip CLIP')
  assert.is(model.similarity.scores, 'softmax')
  assert.equal(model.info.imageSize, [3, 16, 16])
})

test('a logit bias that is not stored is 0, and makes each text scored by itself', async () => {
  using model = await changed('open-clip-gelu', (config) => Object.assign(config, { init_logit_bias: -10 }))
  assert.is(model.similarity.scores, 'sigmoid')
  assert.is(model.similarity.bias, undefined)
})

test('a ResNet takes images of its size only', async () => {
  using model = await load<Clip>(golden('open-clip-resnet'))
  assert.equal(model.info.imageSize, [3, 75, 75])
  const images = (...shape: readonly [number, number, number, number]) =>
    Tensor.zeros(shape) as ops.FloatTensor
  await rejects(() => model.run({ pixelValues: images(1, 3, 96, 75) }), 'SHAPE_MISMATCH', /75x75/)
  await rejects(() => model.run({ pixelValues: images(1, 4, 75, 75) }), 'SHAPE_MISMATCH', /3/)
  const spatialShapes = Tensor.from([1, 1], [1, 2], 'int32')
  await rejects(
    () => model.run({ pixelValues: images(1, 3, 75, 75), spatialShapes }),
    'INPUT_INVALID',
    /spatialShapes/,
  )
})

for (const [key, value] of [
  ['image_size', 31],
  ['width', 1],
  ['head_width', 97],
] as const)
  test(`a ResNet: ${key} = ${value} is an error that names it`, () =>
    rejects(
      () => changed('open-clip-resnet', ({ vision_cfg }) => Object.assign(vision_cfg!, { [key]: value })),
      'CONFIG_INVALID',
      new RegExp(key),
    ))

test('a tower of timm with rotary positions computes what the same model alone computes', async () => {
  using vit = await load<Vit>(golden('timm-eva02'))
  using checkpoint = await openCheckpoint(golden('timm-eva02'))
  const reader = new WeightReader(checkpoint)
  const names = evaNames(evaArgumentsOf(vit.config, evaArchitecture('eva02_tiny_patch14_224')!), reader)
  const tower = new ImageTower(reader, {
    ...{ vit: vit.spec, names, scope: undefined, naflex: false, projection: [] },
  })
  const pixelValues = Tensor.from(noise(3 * 16 * 16), [1, 3, 16, 16]) as ops.FloatTensor
  const { features } = await tower.forward({ pixelValues }, {})
  const { logits } = await vit.run({ pixelValues })
  assert.equal(await features.data(), await logits!.data())
})

test('the vision Transformers of timm with rotary positions are towers', () =>
  rejects(
    () =>
      changed('open-clip-custom-text', (config) =>
        Object.assign(config, {
          vision_cfg: { timm_model_name: 'eva02_base_patch16_clip_224', timm_pool: 'token', timm_proj: null },
        }),
      ),
    'TENSOR_MISSING',
    /visual\.trunk\./,
  ))

const convnexts: readonly [key: string, value: unknown][] = [
  ['timm_pool', 'map'],
  ['timm_proj', 'none'],
]
for (const [key, value] of convnexts)
  test(`a tower of ConvNeXt with ${key} '${value}' is an error that names it`, () =>
    rejects(
      () =>
        changed('open-clip-convnext', (config) =>
          Object.assign(config.vision_cfg as object, { timm_pool: 'avg', [key]: value }),
        ),
      'CONFIG_INVALID',
      new RegExp(key),
    ))

test.run()
