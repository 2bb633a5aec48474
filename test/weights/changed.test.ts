// Weights whose file changes while a model uses it.
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../lib/index.js'
import { rejects } from '../support/errors.js'

const folder = mkdtempSync(join(tmpdir(), 'saccade-changed-'))
test.after(() => rmSync(folder, { recursive: true }))

const published = 'models/numbers-en-ru'

/** A copy of the model in a folder of its own. */
function copied(name: string): { dir: string; weights: string } {
  const dir = join(folder, name)
  cpSync(published, dir, { recursive: true })
  return { dir, weights: join(dir, 'model.safetensors') }
}

const text = 'twenty one'
const original = await pipeline('translation', published)
const expected = await original(text)

/** Writes other bytes into the middle of a file, in place. */
function overwrite(file: string): void {
  const bytes = readFileSync(file)
  bytes.fill(0x11, bytes.length / 2)
  writeFileSync(file, bytes)
}

for (const [how, change] of [
  ['cut', (file: string) => truncateSync(file, 1000)],
  ['overwritten', overwrite],
] as const) {
  test(`weights that are ${how} after a run are an error of the next one, and other models run on`, async () => {
    const { dir, weights } = copied(`${how}-after`)
    const translate = await pipeline('translation', dir)
    assert.equal(await translate(text), expected)
    change(weights)
    await rejects(() => translate(text), 'WEIGHTS_CORRUPT', /model\.safetensors was (changed|written to)/)
    assert.equal(await original(text), expected)
    await translate.dispose()
  })

  test(`weights that are ${how} before the first run are an error, and are not kept for another model`, async () => {
    const { dir, weights } = copied(`${how}-before`)
    const translate = await pipeline('translation', dir)
    change(weights)
    await rejects(() => translate(text), 'WEIGHTS_CORRUPT', /model\.safetensors was (changed|written to)/)
    await translate.dispose()
    cpSync(published, dir, { recursive: true })
    const again = await pipeline('translation', dir)
    assert.equal(await again(text), expected)
    await again.dispose()
  })

  test(`mmap: false: weights that are ${how} make no difference`, async () => {
    const { dir, weights } = copied(`${how}-copy`)
    const translate = await pipeline('translation', dir, { mmap: false })
    change(weights)
    assert.equal(await translate(text), expected)
    await translate.dispose()
  })
}

test('weights that are replaced by a renamed file, or removed, make no difference', async () => {
  const { dir, weights } = copied('renamed')
  const translate = await pipeline('translation', dir)
  writeFileSync(`${weights}.new`, 'other')
  renameSync(`${weights}.new`, weights)
  assert.equal(await translate(text), expected)
  rmSync(weights)
  assert.equal(await translate(text), expected)
  await translate.dispose()
})

test('mmap is true or false', async () => {
  await rejects(
    () => pipeline('translation', published, { mmap: 'no' as never }),
    'OPTION_INVALID',
    /load: mmap: expected true or false/,
  )
})

test.run()
