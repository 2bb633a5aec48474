import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { mutate, randomFrom } from '../support/mutate.js'
import { dataPath, inFolder, safetensorsBytes, torchBytes } from './build.js'

// What damage and malice do to files: opened and read to the last tensor, each is a value or a SaccadeError with a code.
const rounds = 700

const data = (name: string) => readFile(dataPath(`weights/${name}`))
const archive = await data('training.pth')
const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28)
const pickle = archive.subarray(start, start + archive.readUInt32LE(archive.indexOf('PK\x01\x02') + 24))
const entry = (dtype: string, shape: number[], data_offsets: number[]) => ({ dtype, shape, data_offsets })
const header = JSON.stringify({
  a: entry('F32', [2, 3], [0, 24]),
  b: entry('I64', [1], [24, 32]),
  c: entry('F64', [1], [32, 40]),
  d: entry('BF16', [], [40, 42]),
  __metadata__: { x: 'y' },
})
const index = JSON.stringify({
  metadata: { total_size: 42 },
  weight_map: { a: 'm-1.safetensors', b: 'm-1.safetensors', c: 'm-1.safetensors', d: 'm-1.safetensors' },
})

/** For each format: name of the file, its bytes, and how they are put in place after a mutation. */
const formats: [string, string, Uint8Array, (bytes: Buffer) => Buffer][] = [
  ['safetensors', 'x.safetensors', safetensorsBytes(header, 42), (bytes) => bytes],
  [
    'a safetensors header',
    'x.safetensors',
    Buffer.from(header),
    (bytes) => safetensorsBytes(bytes.toString('latin1'), 42),
  ],
  ['an index of shards', 'x.safetensors.index.json', Buffer.from(index), (bytes) => bytes],
  ['a zip archive', 'x.pth', archive, (bytes) => bytes],
  ['a pickle in an archive', 'x.pth', pickle, (bytes) => torchBytes(bytes)],
  ['the legacy format', 'x.bin', await data('legacy-views.pth'), (bytes) => bytes],
  ['tensors with attributes', 'x.pth', await data('attributes.pth'), (bytes) => bytes],
]

for (const [seed, [what, name, bytes, place]] of formats.entries())
  test(`${what}, mutated, is read or refused with a code`, async () => {
    const random = randomFrom(seed)
    let refused = 0
    await inFolder(async (dir) => {
      await writeFile(join(dir, 'm-1.safetensors'), safetensorsBytes(header, 42))
      for (let round = 0; round < rounds; round++) {
        await writeFile(join(dir, name), place(mutate(bytes, random)))
        try {
          using checkpoint = await openCheckpoint(join(dir, name))
          for (const each of checkpoint.names())
            if (checkpoint.info(each).dtype.startsWith('F')) checkpoint.tensor(each)
        } catch (error) {
          if (!(error instanceof SaccadeError)) throw error
          assert.is.not(error.code, 'INTERNAL', error.message)
          refused++
        }
      }
    })
    assert.ok(refused > rounds / 3, `only ${refused} were refused`)
  })

test.run()
