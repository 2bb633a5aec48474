import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaArchitecture } from '../../lib/models/vit/timm-eva-architectures.js'

/** What timm 1.0.29 passes to Eva for each name; of a norm, its epsilon. */
const published: Readonly<Record<string, Readonly<Record<string, unknown>>>> = JSON.parse(
  readFileSync(new URL('../data/timm/eva-architectures.json', import.meta.url), 'utf8'),
)

/** The class's own defaults. */
const defaults: Readonly<Record<string, unknown>> = {
  ...{ img_size: 224, patch_size: 16, embed_dim: 768, depth: 12, num_heads: 12, mlp_ratio: 4 },
  ...{ qkv_bias: true, qkv_fused: true, attn_type: 'eva', class_token: true, num_reg_tokens: 0 },
  ...{ global_pool: 'avg', rope_type: 'cat', rope_grid_indexing: 'ij', rope_temperature: 10000 },
  ...{ use_abs_pos_emb: true, no_embed_class: false, rope_grid_offset: 0 },
}

function complete(args: object): Record<string, unknown> {
  const all: Record<string, unknown> = { ...defaults, ...args }
  // An image size that the name has is not always an argument: it comes from pretrained_cfg too.
  const { img_size, ref_feat_shape, ...rest } = all
  const reference = Array.isArray(ref_feat_shape) ? ref_feat_shape[0] : ref_feat_shape
  return { ...rest, ...(reference !== undefined && { reference }) }
}

test('each name of class Eva implies what it does in timm', () => {
  assert.is(Object.keys(published).length, 60)
  for (const [name, args] of Object.entries(published)) {
    const got = evaArchitecture(name)
    assert.ok(got, `${name} is not known`)
    const expected = complete(args)
    // Of no effect beside global_pool 'token'.
    if (name === 'vit_base_patch16_rope_224') delete expected.use_fc_norm
    assert.equal(complete(got), expected, name)
    if (args.img_size !== undefined) assert.is(got.img_size, args.img_size, name)
  }
})

test('a pretrained tag changes nothing', () => {
  const name = 'vit_small_patch16_dinov3'
  assert.equal(evaArchitecture(`${name}.lvd1689m`), evaArchitecture(name))
})

test('names out of thin air are refused', () => {
  for (const name of ['', 'eva02', 'eva02_huge_patch14_224', 'vit_tiny_patch16_rope_224', 'vit_7b_patch16'])
    assert.is(evaArchitecture(name), undefined, name)
})

test.run()
