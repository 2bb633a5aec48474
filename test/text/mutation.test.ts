import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { loadTokenizer } from '../../lib/text/index.js'

const goldens = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'saccade-mutations-'))
test.after(() => rmSync(root, { recursive: true }))

const mutations = 3000
/** A slow machine makes fewer of them. */
const maxMs = 30_000
const maxMsOfOne = 5_000

/** Numbers from 0 to below `count`, the same in every run. */
function generator(seed: number): (count: number) => number {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
}

const pieces = [
  '"',
  '[',
  '{',
  '}',
  ',',
  '-1',
  '1e999',
  'null',
  '""',
  '\\u0000',
  '99999999999',
  '\xff\xff',
  '\n',
  ' ',
]

/** One to four changes: a byte, a part that is left out, doubled or moved, a piece that is put in. */
function mutate(bytes: Buffer, random: (count: number) => number): Buffer {
  let result = bytes
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(result.length)
    const end = Math.min(result.length, at + 1 + random(random(8) === 0 ? 400 : 8))
    const [before, part, after] = [result.subarray(0, at), result.subarray(at, end), result.subarray(end)]
    const piece = Buffer.from(pieces[random(pieces.length)]!, 'latin1')
    const changed: Buffer[][] = [
      [before, Buffer.from([random(256)]), after],
      [before, after],
      [before, part, part, after],
      [before, piece, after],
      [part, before, after],
      [before, piece, part, after],
    ]
    result = Buffer.concat(changed[random(changed.length)]!)
  }
  return result
}

const sources: [folder: string, file: string, without: string[]][] = [
  ...['bert-cased', 'gpt2', 't5', 'clip'].map((name): [string, string, string[]] => [
    name,
    'tokenizer.json',
    [],
  ]),
  ['bert-cased', 'vocab.txt', ['tokenizer.json']],
  ['gpt2', 'merges.txt', ['tokenizer.json']],
  ['gpt2', 'vocab.json', ['tokenizer.json']],
  ['gpt2', 'tokenizer_config.json', ['tokenizer.json']],
  ['marian', 'source.spm', []],
  ['siglip', 'spiece.model', []],
]

test('a damaged file gives a result or an error with a code, in bounded time', async () => {
  const random = generator(8)
  const folders = sources.map(([folder, file, without], index) => {
    const dir = join(root, String(index))
    cpSync(join(goldens, folder), dir, { recursive: true })
    for (const name of without) rmSync(join(dir, name), { force: true })
    return { dir, path: join(dir, file), bytes: readFileSync(join(dir, file)) }
  })
  const counts = { loaded: 0, refused: 0 }
  const deadline = performance.now() + maxMs
  for (let number = 0; number < mutations && performance.now() < deadline; number++) {
    const { dir, path, bytes } = folders[number % folders.length]!
    writeFileSync(path, mutate(bytes, random))
    const started = performance.now()
    try {
      const tokenizer = await loadTokenizer(dir)
      counts.loaded++
      const { inputIds } = tokenizer.encode(
        `A small red circle, isn't it? ${'a'.repeat(300)} кот <pad> </s> 你好`,
      )
      tokenizer.decode(inputIds)
      tokenizer.call(['a', 'b c'], {
        padding: tokenizer.padTokenId !== undefined,
        truncation: true,
        maxLength: 8,
      })
    } catch (error) {
      const detail = `mutation ${number} of ${path}: ${String(error)}`
      assert.instance(error, SaccadeError, `${detail}\n${(error as Error).stack}`)
      assert.is.not((error as SaccadeError).code, 'INTERNAL', detail)
      counts.refused++
    }
    assert.ok(performance.now() - started < maxMsOfOne, `mutation ${number} of ${path} takes too long`)
  }
  assert.ok(counts.loaded > 10 && counts.refused > 10, JSON.stringify(counts))
  assert.is(readdirSync(root).length, folders.length)
})

test.run()
