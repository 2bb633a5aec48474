// Vision Transformers with rotary positions: arguments that are refused, and sizes of images.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Vit } from '../../lib/models/vit/vit.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { noise, rejects, sameBits } from './bits.js'
import { openChanged } from './goldens.js'

const tiny = { img_size: 16, patch_size: 4, embed_dim: 24, depth: 2, num_heads: 3, mlp_ratio: 2 }
const refused: readonly (readonly [key: string, value: unknown])[] = [
  ['rope_rotate_half', true],
  ['rope_type', 'mrope'],
  ['rope_type', 'base'],
  ['rope_type', null],
  ['rope_grid_indexing', 'yx'],
  ['rope_temperature', 0],
  ['ref_feat_shape', [3, 0]],
  ['norm_layer', 'layernorm'],
  ['act_layer', 'gelu'],
  ['global_pool', 'cls'],
  ['swiglu_align_to', -8],
  ['depth', null],
]

for (const [key, value] of refused)
  test(`timm's Eva: ${key} ${JSON.stringify(value)} is an error that names it`, async () => {
    const changes = { model_args: { ...tiny, num_classes: 5, [key]: value } }
    await rejects(openChanged('timm-vit-rope', changes), 'CONFIG_INVALID', key)
  })

test('the heads of a rotary model have a width that is a multiple of 4', async () => {
  const model_args = { ...tiny, embed_dim: 18, num_classes: 5 }
  await rejects(openChanged('timm-vit-rope', { model_args }), 'CONFIG_INVALID', 'multiple of 4')
  const changes = { hidden_size: 28, num_attention_heads: 2 }
  await rejects(openChanged('dinov3-vit', changes), 'CONFIG_INVALID', 'multiple of 4')
})

test('a config without a model_type is DINOv3 by its class, or by its keys', async () => {
  for (const changes of [{ model_type: undefined }, { model_type: undefined, architectures: undefined }]) {
    using model = await openChanged<Vit>('dinov3-vit', changes)
    assert.is(model.info.layout, 'transformers DINOv3ViTModel')
    assert.equal(model.info.tasks, ['image-feature-extraction'])
  }
})

test('a sample has the same bits after images of another size', async () => {
  using model = await openChanged<Vit>('dinov3-vit', {})
  const run = async (height: number, width: number) => {
    const pixelValues = Tensor.from(noise(3 * height * width), [1, 3, height, width])
    return (await model.run({ pixelValues })).lastHiddenState
  }
  const first = await run(20, 20)
  assert.equal((await run(12, 28)).shape, [1, 26, 32])
  await sameBits(await run(20, 20), first, 'again')
})

test.run()
