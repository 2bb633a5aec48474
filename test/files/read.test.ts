import { execFileSync } from 'node:child_process'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readConfig } from '../../lib/files/config.js'
import { readBytes, readJson } from '../../lib/files/read.js'
import { getLimits, setLimits } from '../../lib/limits.js'
import { rejects } from '../support/errors.js'
import { inFolder } from '../weights/build.js'

const json = (text: string) =>
  inFolder(async (dir) => {
    writeFileSync(join(dir, 'config.json'), text)
    return await readJson(join(dir, 'config.json'), 'CONFIG_INVALID')
  })

test('numbers that are none in JSON, as Python writes them', async () => {
  const text = '{"a": NaN, "b": [Infinity, -Infinity, -1.5], "c": {"d": "NaN", "__proto__": {"e": 1}}}'
  const value = (await json(text)) as Record<string, unknown>
  assert.ok(Number.isNaN(value.a))
  assert.equal(value.b, [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1.5])
  assert.equal(JSON.stringify(value.c), '{"d":"NaN","__proto__":{"e":1}}')
  assert.is(({} as Record<string, unknown>).e, undefined)
  for (const bad of ['nan', 'Inf', '+Infinity', '-NaN', 'NaNs', 'Infinit', "{'a': 1}", '[1,]'])
    await rejects(() => json(bad), 'CONFIG_INVALID', /not JSON/)
})

test('deep nesting is refused with its place, soon', async () => {
  const deep = '['.repeat(5_000_000)
  for (const text of [deep, deep + ']'.repeat(5_000_000), `{"a": ${'{"b":'.repeat(1e6)}`]) {
    const start = Date.now()
    await rejects(() => json(text), 'CONFIG_INVALID', /line 1, column \d+: not JSON: nested deeper than 128/)
    assert.ok(Date.now() - start < 3000)
  }
  // Brackets in strings do not nest.
  const brackets = JSON.stringify({ a: `\\"${'['.repeat(1000)}`, b: '}'.repeat(1000), c: '\\' })
  assert.equal(await json(brackets), JSON.parse(brackets))
})

test('files over the limit are refused before they are read', () =>
  inFolder(async (dir) => {
    const path = join(dir, 'config.json')
    writeFileSync(path, '{}')
    truncateSync(path, 300 * 2 ** 20)
    await rejects(
      () => readConfig(dir, 'config.json'),
      'LIMIT_EXCEEDED',
      /config\.json: bytes: .*configBytes/,
    )
    await rejects(() => readBytes(path), 'LIMIT_EXCEEDED', /tokenizerBytes/)
    const { configBytes } = getLimits()
    writeFileSync(path, `{"a": "${'b'.repeat(100)}"}`)
    setLimits({ configBytes: 50 })
    try {
      await rejects(() => readConfig(dir, 'config.json'), 'LIMIT_EXCEEDED', /at most 50/)
    } finally {
      setLimits({ configBytes })
    }
  }))

if (process.platform !== 'win32')
  test('pipes and devices are not read', () =>
    inFolder(async (dir) => {
      execFileSync('mkfifo', [join(dir, 'pipe.json')])
      symlinkSync('/dev/zero', join(dir, 'zero.json'))
      for (const name of ['pipe.json', 'zero.json'])
        await rejects(() => readConfig(dir, name), 'FILE_NOT_FOUND', /expected a file, got a device/)
    }))

test.run()
