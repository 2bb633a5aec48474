import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vit } from '../../lib/models/vit/index.js'
import { type TimmArguments, timmArchitecture } from '../../lib/models/vit/timm-architectures.js'
import { timmEva } from '../../lib/models/vit/timm-eva.js'
import { timmHybrid } from '../../lib/models/vit/timm-hybrid.js'

/**
 * What timm 1.0.29 passes to VisionTransformer for each name, class objects in our words; null: the name means a model
 * of another kind.
 */
const published: Readonly<Record<string, TimmArguments | null>> = JSON.parse(
  readFileSync(new URL('../data/timm/vit-architectures.json', import.meta.url), 'utf8'),
)

/** The class's own defaults. */
const defaults: Readonly<Record<string, unknown>> = {
  ...{ img_size: 224, patch_size: 16, embed_dim: 768, depth: 12, num_heads: 12, mlp_ratio: 4, reg_tokens: 0 },
  ...{ qkv_bias: true, class_token: true, no_embed_class: false, pre_norm: false, final_norm: true },
  ...{ global_pool: 'token', pool_include_prefix: false, dynamic_img_size: false },
}

function complete(args: TimmArguments): Record<string, unknown> {
  const said = Object.entries(args).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(said) }
}

test('each name of a plain vision Transformer implies what it does in timm', () => {
  for (const [name, args] of Object.entries(published)) {
    if (!args) continue
    const got = timmArchitecture(name)
    assert.ok(got, `${name} is not known`)
    assert.equal(complete(got), complete(args), name)
  }
})

/** Layouts of the family whose architectures have arguments of their own: Eva, and hybrids over a ResNetV2. */
const otherLayouts = [timmEva, timmHybrid]

test('names of other models are not taken for plain ones', () => {
  const others = Object.keys(published).filter((name) => published[name] === null)
  assert.ok(others.length > 40)
  for (const name of others) {
    assert.is(timmArchitecture(name), undefined, name)
    const isOther = otherLayouts.some((layout) => layout.claims(name))
    assert.is(vit.claims({ library: 'timm', name }), isOther, name)
  }
})

test('a pretrained tag changes nothing', () => {
  const name = 'vit_base_patch16_224'
  assert.equal(timmArchitecture(`${name}.augreg_in21k`), timmArchitecture(name))
})

test('names out of thin air are refused', () => {
  for (const name of [
    '',
    'vit',
    'vit_base',
    'vit_enormous_patch16_224',
    'constructor',
    'vit_base_patch16_224_x',
  ])
    assert.is(timmArchitecture(name), undefined, name)
})

test.run()
