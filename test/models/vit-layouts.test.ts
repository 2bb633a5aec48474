// What the layouts of vision Transformers make of unusual configs and checkpoints.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import type * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { noise, rejects, sameBits } from './bits.js'
import { golden } from './goldens.js'

type Json = Record<string, unknown>
interface Changes {
  readonly config?: (config: Json) => void
  /** A new name for a stored tensor. */
  readonly rename?: (name: string) => string
}

const scratch = mkdtempSync(join(tmpdir(), 'saccade-vit-'))
let copies = 0
test.after(() => rmSync(scratch, { recursive: true, force: true }))

/** A copy of a stored case, changed. */
function changed(name: string, { config = () => {}, rename = (key) => key }: Changes): string {
  const dir = join(scratch, `${name}-${copies++}`)
  cpSync(golden(name), dir, { recursive: true })
  const configFile = join(dir, 'config.json')
  const json = JSON.parse(readFileSync(configFile, 'utf8'))
  config(json)
  writeFileSync(configFile, JSON.stringify(json))
  const file = join(dir, 'model.safetensors')
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE())
  const header: Json = JSON.parse(bytes.toString('utf8', 8, 8 + length))
  const renamed = Object.entries(header).map(([key, value]) => [rename(key), value])
  const text = Buffer.from(JSON.stringify(Object.fromEntries(renamed)))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(file, Buffer.concat([size, text, bytes.subarray(8 + length)]))
  return dir
}

const open = async (path: string, options = {}) => (await load(path, options)) as Vit
const images = (batch: number, side = 16): ops.FloatTensor =>
  Tensor.from(noise(batch * 3 * side * side), [batch, 3, side, side])

test('a config that names no class is read by the stored names', async () => {
  for (const [name, className] of [
    ['vit-model', 'ViTModel'],
    ['vit-classifier', 'ViTForImageClassification'],
    ['deit-distilled', 'DeiTForImageClassificationWithTeacher'],
    ['dinov2-registers', 'Dinov2WithRegistersModel'],
  ]) {
    const dir = changed(name!, {
      config: (config) => {
        delete config.architectures
      },
    })
    using model = await open(dir)
    assert.is(model.info.layout, `transformers ${className}`)
  }
})

test('keys that older versions did not write have the defaults of the library', async () => {
  using want = await open(golden('vit-classifier'))
  const dir = changed('vit-classifier', {
    config: (config) => {
      for (const key of ['hidden_act', 'layer_norm_eps', 'num_channels', 'qkv_bias']) delete config[key]
    },
  })
  using got = await open(dir)
  const pixelValues = images(1)
  await sameBits(
    (await got.run({ pixelValues })).logits!,
    (await want.run({ pixelValues })).logits!,
    'logits',
  )
})

test('missing, misnamed and surplus tensors are errors', async () => {
  const query = 'vit.encoder.layer.1.attention.attention.query.bias'
  const misnamed = changed('vit-classifier', { rename: (name) => (name === query ? `${name}es` : name) })
  await rejects(open(misnamed), 'TENSOR_MISSING', query)
  const shallow = changed('timm-vit-token', {
    config: ({ model_args: args }) => {
      ;(args as Json).depth = 1
    },
  })
  await rejects(open(shallow), 'TENSOR_UNEXPECTED', 'blocks.1.')
  const wide = changed('torchvision-vit', {
    config: ({ args }) => {
      ;(args as Json).mlp_dim = 50
    },
  })
  await rejects(open(wide), 'SHAPE_MISMATCH', 'mlp.0.weight')
})

test('configs that do not fit together are errors', async () => {
  const withArgs = (name: string, values: Json) =>
    changed(name, {
      config: (config) => {
        Object.assign((config.model_args ?? config.args ?? config) as Json, values)
      },
    })
  await rejects(open(withArgs('vit-model', { num_attention_heads: 3 })), 'CONFIG_INVALID', '3 heads')
  await rejects(open(withArgs('vit-model', { patch_size: 32 })), 'CONFIG_INVALID', 'patch of 32x32')
  await rejects(open(withArgs('vit-model', { hidden_act: 'wishful' })), 'CONFIG_INVALID', 'wishful')
  await rejects(open(withArgs('vit-model', { hidden_size: '16' })), 'CONFIG_INVALID', 'hidden_size')
  await rejects(open(withArgs('timm-vit-token', { global_pool: 'sum' })), 'CONFIG_INVALID', 'global_pool')
  await rejects(open(withArgs('timm-vit-token', { class_token: false })), 'CONFIG_INVALID', 'class token')
  await rejects(
    open(withArgs('timm-vit-token', { attn_layer: 'diff' })),
    'CONFIG_INVALID',
    'model_args.attn_layer',
  )
  await rejects(open(withArgs('timm-vit-token', { norm_layer: 'groupnorm' })), 'CONFIG_INVALID', 'norm_layer')
})

test('a null of model_args switches off what the name implies; what only training needs is passed over', async () => {
  const dir = changed('timm-vit-token', {
    config: (config) => {
      config.architecture = 'deit3_small_patch16_224'
      Object.assign(config.model_args as Json, {
        init_values: null,
        no_embed_class: null,
        drop_path_rate: 0.3,
      })
    },
  })
  using want = await open(golden('timm-vit-token'))
  using got = await open(dir)
  const pixelValues = images(2)
  await sameBits(
    (await got.run({ pixelValues })).logits!,
    (await want.run({ pixelValues })).logits!,
    'logits',
  )
})

test("timm: weights made for another size have their positions resized, as the model's own would be", async () => {
  const grown = changed('timm-vit-qknorm', {
    config: ({ model_args: args }) => {
      ;(args as Json).img_size = 24
    },
  })
  using stored = await open(golden('timm-vit-qknorm'))
  using resized = await open(grown)
  assert.equal(resized.info.imageSize, [3, 24, 24])
  const pixelValues = images(1, 24)
  const want = await stored.run({ pixelValues })
  await sameBits((await resized.run({ pixelValues })).logits!, want.logits!, 'logits')
})

test('torchvision: names of older files, and builders that say all but the classes', async () => {
  const older = changed('torchvision-vit', {
    rename: (name) => name.replace('.mlp.0.', '.mlp.linear_1.').replace('.mlp.3.', '.mlp.linear_2.'),
  })
  using want = await open(golden('torchvision-vit'))
  using got = await open(older)
  const pixelValues = images(1)
  await sameBits(
    (await got.run({ pixelValues })).logits!,
    (await want.run({ pixelValues })).logits!,
    'logits',
  )
  const built = changed('torchvision-vit', {
    config: (config) => {
      config.architecture = 'vit_b_16'
      delete config.args
    },
  })
  await rejects(open(built), 'SHAPE_MISMATCH', '[1, 1, 768]')
})

test('DINO: a whole checkpoint gives the teacher, or the student if the config says so', async () => {
  const file = 'full_checkpoint.pth'
  const asStudent = changed('dino-v1-original', {
    config: (config) => {
      config.checkpoint_key = 'student'
    },
  })
  using backbone = await open(golden('dino-v1-original/backbone.pth'))
  using teacher = await open(golden(`dino-v1-original/${file}`))
  const pixelValues = images(1)
  const want = await backbone.run({ pixelValues })
  await sameBits((await teacher.run({ pixelValues })).poolerOutput, want.poolerOutput, 'teacher')
  // Of the student this file has no more than the last norm.
  await rejects(open(join(asStudent, file)), 'TENSOR_MISSING', 'cls_token')
})

test('masked patches are replaced by the mask token', async () => {
  using model = await open(golden('dinov2-model'))
  const pixels = noise(3 * 28 * 28)
  const changedPixels = pixels.map((value, index) =>
    index % 28 < 7 && Math.floor(index / 28) % 28 < 7 ? 9 : value,
  )
  const maskedPatches = Tensor.from([1, ...Array(15).fill(0)], [1, 16], 'bool')
  const run = (data: Float32Array, masked?: Tensor<'bool'>) =>
    model.run({ pixelValues: Tensor.from(data, [1, 3, 28, 28]), maskedPatches: masked })
  const want = await run(pixels, maskedPatches)
  await sameBits((await run(changedPixels, maskedPatches)).poolerOutput, want.poolerOutput, 'pooled')
  assert.not.equal(await (await run(pixels)).poolerOutput.data(), await want.poolerOutput.data())
  await rejects(run(pixels, Tensor.zeros([1, 15], 'bool')), 'SHAPE_MISMATCH', '[1, 16]')
  using maskless = await open(golden('vit-model'))
  await rejects(
    maskless.run({ pixelValues: images(1), maskedPatches: Tensor.zeros([1, 4], 'bool') }),
    'INPUT_INVALID',
    'maskedPatches',
  )
})

// q8 leaves layers as narrow as these alone: precision.test.ts has wider ones.
test('weights in less precision give nearly the same', async () => {
  using exact = await open(golden('vit-classifier'))
  const pixelValues = images(2)
  const want = await (await exact.run({ pixelValues })).logits!.data()
  for (const [dtype, bound] of [
    ['bf16', 0.05],
    ['fp16', 0.01],
  ] as const) {
    using model = await open(golden('vit-classifier'), { dtype })
    const got = await (await model.run({ pixelValues })).logits!.data()
    const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index]!)))
    assert.ok(worst > 0 && worst < bound, `${dtype} is off by ${worst}`)
  }
})

test.run()
