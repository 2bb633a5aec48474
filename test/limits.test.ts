import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getLimits, setLimits } from '../lib/limits.js'
import { rejects } from './support/errors.js'

const lib = fileURLToPath(new URL('../lib/', import.meta.url))

test('every limit is checked somewhere in lib', () => {
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'limits.ts')
    .map((path) => readFileSync(join(lib, path), 'utf8'))
    .filter((text) => /from '[./]*(limits|sizes)\.js'/.test(text))
  // The calls that check: checkLimit and its wrappers by a name in quotes, checkSizes by keys, getLimits by a property.
  const keyed = sources.flatMap((text) => text.match(/checkSizes\(.*?\}\)/gs) ?? []).join('\n')
  const unused = Object.keys(getLimits()).filter((name) => {
    const quoted = new RegExp(`'${name}'|\\b${name} \\} = getLimits|getLimits\\(\\)\\.${name}\\b`)
    return (
      !sources.some((text) => quoted.test(text)) && !new RegExp(`\\b${name}[,:]|\\b${name} \\}`).test(keyed)
    )
  })
  assert.equal(unused, [])
})

test('limits are changed one by one', async () => {
  const before = getLimits()
  setLimits({ beams: 7 })
  assert.equal(getLimits(), { ...before, beams: 7 })
  setLimits({ beams: before.beams, labels: undefined })
  assert.equal(getLimits(), before)
  await rejects(() => setLimits({ beams: 0 }), 'OPTION_INVALID', /beams/)
  await rejects(() => setLimits(Object({ beam: 7 })), 'OPTION_UNKNOWN', /beam/)
  assert.equal(getLimits(), before)
})

test.run()
