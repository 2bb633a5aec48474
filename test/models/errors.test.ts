// Bad models and bad inputs: each has its code, and a message that names the culprit.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, type SaccadeErrorCode, Tensor } from '../../lib/index.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import { rejects } from '../support/errors.js'

const goldens = fileURLToPath(new URL('../data/goldens', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'saccade-errors-'))
let copies = 0

/** A copy of a stored case, changed. */
function changed(name: string, change: (dir: string) => void): string {
  const dir = join(scratch, `${name}-${copies++}`)
  cpSync(join(goldens, name), dir, { recursive: true })
  change(dir)
  return dir
}

const withConfig = (name: string, change: (config: Record<string, unknown>) => void) =>
  changed(name, (dir) => {
    const file = join(dir, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    change(config)
    writeFileSync(file, JSON.stringify(config))
  })

/** Rewrites the header of a safetensors file without touching its data. */
const withHeader = (
  name: string,
  change: (header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>) => void,
) =>
  changed(name, (dir) => {
    const file = join(dir, 'model.safetensors')
    const bytes = readFileSync(file)
    const length = Number(bytes.readBigUInt64LE())
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    change(header)
    const text = Buffer.from(JSON.stringify(header))
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(text.length))
    writeFileSync(file, Buffer.concat([size, text, bytes.subarray(8 + length)]))
  })

test('loading', async () => {
  const weights = 'model.safetensors'
  const wrong: [SaccadeErrorCode, RegExp, () => Promise<unknown>][] = [
    ['FILE_NOT_FOUND', /no\/such\/folder/, () => load('/no/such/folder')],
    [
      'FILE_NOT_FOUND',
      /config\.json does not exist; .*"library": "torchvision"/,
      () => load(changed('vit-model', (dir) => rmSync(join(dir, 'config.json')))),
    ],
    [
      'FILE_NOT_FOUND',
      /model\.safetensors/,
      () => load(changed('vit-model', (dir) => rmSync(join(dir, weights)))),
    ],
    [
      'CONFIG_INVALID',
      /model_type/,
      () => load(changed('vit-model', (dir) => writeFileSync(join(dir, 'config.json'), '{"a": 1}'))),
    ],
    [
      'CONFIG_INVALID',
      /line 1/,
      () => load(changed('vit-model', (dir) => writeFileSync(join(dir, 'config.json'), '{"a":'))),
    ],
    ['ABORTED', /aborted/, () => load(join(goldens, 'vit-model'), { signal: AbortSignal.abort() })],
    [
      'OPTION_INVALID',
      /signal: expected an AbortSignal, got 5/,
      () => load(join(goldens, 'vit-model'), { signal: 5 as never }),
    ],
    [
      'CONFIG_INVALID',
      /hidden_size/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { hidden_size: 'wide' }))),
    ],
    [
      'CONFIG_INVALID',
      /hidden_act|activation/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { hidden_act: 'snake' }))),
    ],
    [
      'CONFIG_INVALID',
      /heads/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { num_attention_heads: 3 }))),
    ],
    [
      'ARCHITECTURE_UNSUPPORTED',
      /'levit'.*vit.*convnext.*bert/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { model_type: 'levit' }))),
    ],
    [
      'SHAPE_MISMATCH',
      /\[24, 16\].*\[32, 16\]|\[32, 16\].*\[24, 16\]/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { intermediate_size: 32 }))),
    ],
    [
      'TENSOR_MISSING',
      /encoder\.layer\.2/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { num_hidden_layers: 3 }))),
    ],
    [
      'TENSOR_UNEXPECTED',
      /encoder\.layer\.1/,
      () => load(withConfig('vit-model', (config) => Object.assign(config, { num_hidden_layers: 1 }))),
    ],
    [
      'WEIGHTS_CORRUPT',
      /model\.safetensors/,
      () => load(changed('vit-model', (dir) => truncateSync(join(dir, weights), 5000))),
    ],
    [
      'WEIGHTS_CORRUPT',
      /model\.safetensors/,
      () => load(changed('vit-model', (dir) => writeFileSync(join(dir, weights), Buffer.alloc(64, 255)))),
    ],
    [
      'WEIGHTS_CORRUPT',
      /overlap|hole|offset/,
      () =>
        load(
          withHeader('vit-model', (header) => {
            const [first, second] = Object.keys(header).filter((key) => key !== '__metadata__')
            header[first!]!.data_offsets = header[second!]!.data_offsets
          }),
        ),
    ],
    [
      'DTYPE_MISMATCH',
      /I32/,
      () =>
        load(
          withHeader('vit-model', (header) => Object.assign(header['layernorm.weight']!, { dtype: 'I32' })),
        ),
    ],
    ['OPTION_UNKNOWN', /threads.*'thread'/, () => load(join(goldens, 'vit-model'), { thread: 2 } as never)],
  ]
  for (const [code, message, call] of wrong) await rejects(call, code, message)
})

test('a wrong number of threads', async () => {
  const pixelValues = Tensor.zeros([1, 3, 16, 16])
  for (const threads of [-1, 1.5, 1e6]) {
    await rejects(
      async () => {
        using model = (await load(join(goldens, 'vit-model'), { threads })) as Vit
        await model.run({ pixelValues })
      },
      'OPTION_INVALID',
      /threads/,
    )
  }
})

test('NaN in a picture comes out as NaN, and the picture beside it is untouched', async () => {
  using model = (await load(join(goldens, 'vit-classifier'))) as Vit
  const clean = Float32Array.from({ length: 2 * 3 * 16 * 16 }, (_, index) => Math.sin(index))
  const dirty = clean.slice()
  dirty[5] = Number.NaN
  const run = async (data: Float32Array) => {
    const { logits } = await model.run({ pixelValues: Tensor.from(data, [2, 3, 16, 16]) })
    return (await logits!.toArray()) as number[][]
  }
  const [want, got] = [await run(clean), await run(dirty)]
  assert.ok(got[0]!.every(Number.isNaN))
  assert.equal(got[1], want[1])
})

test('too little memory', async () => {
  const script = fileURLToPath(new URL('../support/out-of-memory.mjs', import.meta.url))
  const env = { ...process.env, SACCADE_MEMORY_LIMIT: String(4 << 20) }
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
  assert.match(stdout, /^OUT_OF_MEMORY .*\d+/)
  assert.match(stdout, /works after it/)
})

test.after(() => rmSync(scratch, { recursive: true }))

test.run()
