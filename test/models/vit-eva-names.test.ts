import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vit } from '../../lib/models/vit/index.js'
import { timmArchitecture } from '../../lib/models/vit/timm-architectures.js'
import { type EvaArguments, evaArchitecture } from '../../lib/models/vit/timm-eva-architectures.js'

function stored<T>(name: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(new URL(`../data/timm/${name}`, import.meta.url), 'utf8'))
}

/** What timm 1.0.29 passes to Eva for each name; the epsilon of the norm's class is norm_eps. */
const published = stored<EvaArguments>('eva-architectures.json')

/** The class's own defaults. */
const defaults: Readonly<Record<string, unknown>> = {
  ...{ mlp_ratio: 4, global_pool: 'avg', qkv_bias: true, qkv_fused: true, class_token: true },
  ...{ use_abs_pos_emb: true, rope_grid_offset: 0 },
}

test('each name of the class Eva implies what it does in timm', () => {
  assert.ok(Object.keys(published).length > 50)
  for (const [name, args] of Object.entries(published)) {
    const got = evaArchitecture(name)
    assert.ok(got, `${name} is not known`)
    assert.equal({ ...defaults, ...got }, { ...defaults, ...args }, name)
    assert.is(timmArchitecture(name), undefined, `${name} as VisionTransformer`)
  }
})

test('a pretrained tag changes nothing', () => {
  const name = 'vit_small_patch16_dinov3'
  assert.equal(evaArchitecture(`${name}.lvd1689m`), evaArchitecture(name))
  assert.ok(vit.claims({ library: 'timm', name: `${name}.lvd1689m` }))
})

test('names of other classes and names out of thin air are refused', () => {
  const others = Object.keys(stored('vit-architectures.json')).filter((name) => !(name in published))
  const made = ['eva02', 'eva02_tiny', 'eva_tiny_patch14_224', 'vit_rope', 'vit_small_patch16_dinov4']
  for (const name of [...others, ...made]) assert.is(evaArchitecture(name), undefined, name)
})

test.run()
