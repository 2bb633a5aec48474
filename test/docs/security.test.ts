import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getLimits } from '../../lib/limits.js'

test('docs/security.md lists every limit with its default', () => {
  const text = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
  const rows = text.matchAll(/^\| `(\w+)`\s*\| +([\d ]+) \|/gm)
  const listed = Object.fromEntries(
    [...rows].map(([, name, value]) => [name, Number(value!.replaceAll(' ', ''))]),
  )
  assert.equal(listed, getLimits())
})

test.run()
