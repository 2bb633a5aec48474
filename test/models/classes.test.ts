// Which model a config means: by model_type; without one by "architectures", by its keys, and by the weights.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, pipeline, Tensor, type Vit } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { copyOf, golden, published, withKeys } from '../support/folders.js'

const wrapperModel = fileURLToPath(new URL('../data/models/timm-wrapper-model', import.meta.url))
const untyped = { model_type: undefined, architectures: undefined }

for (const [name, layout] of [
  ['align', 'transformers AlignModel'],
  ['bert-model', 'transformers BertModel'],
  ['bit-bottleneck', 'transformers BitForImageClassification'],
  ['clip-gelu', 'transformers CLIPModel'],
  ['convnext-v1', 'transformers ConvNextForImageClassification'],
  ['convnext-v2', 'transformers ConvNextV2ForImageClassification'],
  ['dinov2-model', 'transformers Dinov2Model'],
  ['dinov2-registers', 'transformers Dinov2WithRegistersModel'],
  ['efficientnet', 'transformers EfficientNetForImageClassification'],
  ['gpt2-lm', 'transformers GPT2LMHeadModel'],
  ['marian-mt', 'transformers MarianMTModel'],
  ['resnet-basic', 'transformers ResNetForImageClassification'],
  ['vit-classifier', 'transformers ViTForImageClassification'],
  ['deit-distilled', 'transformers DeiTForImageClassificationWithTeacher'],
] as const)
  test(`${name}: without model_type, by its class and by its keys`, async () => {
    const typed = await load(golden(name))
    assert.is(typed.info.layout, layout)
    for (const keys of [{ model_type: undefined }, untyped]) {
      using model = await load(withKeys(golden(name), keys))
      assert.equal(model.info, typed.info)
    }
    typed.dispose()
  })

for (const name of ['clip-text-projection', 'siglip-vision-no-head'])
  test(`${name}: an encoder alone, without model_type, by its class`, async () => {
    using typed = await load(golden(name))
    using model = await load(withKeys(golden(name), { model_type: undefined }))
    assert.equal(model.info, typed.info)
  })

test('a config that says nothing is refused', async () => {
  const dir = copyOf(golden('bert-model'))
  writeFileSync(join(dir, 'config.json'), '{"hidden_size": 4}')
  await rejects(() => load(dir), 'CONFIG_INVALID', /config\.json: expected "model_type"/)
})

for (const [name, foreign, layout, tasks] of [
  ['bert-model', 'BertForSentenceVectors', 'BertModel', ['feature-extraction']],
  ['bert-pretraining', 'BertForSomething', 'BertModel', ['feature-extraction']],
  ['bert-classifier', 'MyClassifier', 'BertModel', ['feature-extraction']],
  ['gpt2-lm', 'GPT2DoubleHeadsModel', 'GPT2LMHeadModel', ['text-generation']],
  ['marian-mt', 'MarianForCausalLM', 'MarianMTModel', ['translation', 'text2text-generation']],
  ['vit-model', 'ViTForSegmentation', 'ViTModel', ['image-feature-extraction']],
  [
    ...(['vit-classifier', 'MyViT', 'ViTForImageClassification'] as const),
    ['image-classification', 'image-feature-extraction'],
  ],
  ['dinov2-model', 'Dinov2Backbone', 'Dinov2Model', ['image-feature-extraction']],
  [
    ...(['convnext-v1', 'ConvNextForSomething', 'ConvNextForImageClassification'] as const),
    ['image-classification', 'image-feature-extraction'],
  ],
] as const)
  test(`${name} of the class ${foreign}: the model type and the weights decide`, async () => {
    using model = await load(withKeys(golden(name), { architectures: [foreign] }))
    assert.is(model.info.layout, `transformers ${layout}`)
    assert.equal(model.info.tasks, tasks)
  })

test('a task whose head the checkpoint lacks', async () => {
  const vit = withKeys(golden('vit-model'), { architectures: ['ViTForSegmentation'] })
  await rejects(
    () => pipeline('image-classification', vit),
    'TASK_UNSUPPORTED',
    /image-feature-extraction \(the checkpoint has no classifier\), got 'image-classification'/,
  )
  const gpt2 = withKeys(golden('gpt2-lm'), { architectures: ['GPT2Model'] })
  await rejects(() => pipeline('text-generation', gpt2), 'TASK_UNSUPPORTED', /no language-model head/)
})

test('config.json and open_clip_config.json: the one that fits the weights', async () => {
  const openClip = { model_cfg: { embed_dim: 24, vision_cfg: {}, text_cfg: {} }, preprocess_cfg: {} }
  const dir = copyOf(golden('timm-vit-clip'))
  writeFileSync(join(dir, 'open_clip_config.json'), JSON.stringify(openClip))
  using model = await load(dir)
  assert.is(model.info.layout, 'timm VisionTransformer')
  // Nothing fits: the error is that of the config whose architecture is known.
  cpSync(join(golden('bert-model'), 'model.safetensors'), join(dir, 'model.safetensors'))
  await rejects(() => load(dir), 'TENSOR_MISSING', /blocks|cls_token/)
  const alone = copyOf(golden('timm-vit-clip'))
  cpSync(join(dir, 'open_clip_config.json'), join(alone, 'config.json'))
  await rejects(() => load(alone), 'TENSOR_MISSING', /text\.token_embedding/)
})

test('timm_wrapper: a backbone has no classes, whatever its config says', async () => {
  const wrapped = { model_type: 'timm_wrapper', architectures: ['TimmWrapperModel'] }
  const source = withKeys(golden('timm-vit-token'), { ...wrapped, num_classes: undefined, num_labels: 5 })
  using model = await load<Vit>(source)
  assert.is(model.info.labels?.length, 5)
  using backbone = await load<Vit>(wrapperModel)
  assert.equal(backbone.info.tasks, ['image-feature-extraction'])
  assert.is(backbone.info.labels, undefined)
  const x = Float32Array.from({ length: 192 }, (_, i) => -1 + (2 * i) / 191)
  const { poolerOutput, logits } = await backbone.run({ pixelValues: Tensor.from(x, [1, 3, 8, 8]) })
  assert.is(logits, undefined)
  // TimmWrapperModel of transformers 5.18: pooler_output.
  const expected = [1.013732, -0.208015, 0.63244, -0.241367, -0.297806, -0.684593, -0.448513, 0.050807]
  const got = Array.from(await poolerOutput.data())
  expected.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) < 2e-6, `${got[i]} ${value}`)
  })
})

test('a class in a list of several is found', async () => {
  using model = await load(
    withKeys(published('digits-vit'), { architectures: ['MyViT', 'ViTForImageClassification'] }),
  )
  assert.is(model.info.layout, 'transformers ViTForImageClassification')
})

test.run()
