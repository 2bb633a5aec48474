import { readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { golden, testGoldens } from './goldens.js'

/** Every stored case of the family, from whatever library. */
const family =
  /^(vit-(model|classifier|half|sharded|masked-image)|timm-vit-|torchvision-vit|dino-v1|dinov2-|.*deit|dinov3-|timm-(dinov3|eva|pe-|rope))/
const cases = readdirSync(golden('')).filter((name) => family.test(name))

test('there are cases of every layout', () => {
  assert.ok(cases.length >= 22, `only ${cases.join(', ')}`)
})

testGoldens(test, cases)

test.run()
