import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import { mutate, randomFrom } from '../support/mutate.js'
import { dataPath, inFolder, rejects, safetensorsBytes, withFile, withLimits } from './build.js'

const golden = dataPath('goldens/vit-half/model.safetensors')

const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets })
const read = (header: string | object, data?: number | Uint8Array, length?: bigint) =>
  withFile('x.safetensors', safetensorsBytes(header, data, length), readSafetensors)

test('reads a published file', async () => {
  const { tensors, metadata } = await readSafetensors(golden)
  assert.is(metadata.get('format'), 'pt')
  const weight = tensors.find(({ name }) => name === 'vit.embeddings.cls_token')!
  assert.is(weight.file, golden)
  assert.is(
    tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
    (await readFile(golden)).length - Math.min(...tensors.map(({ offset }) => offset)),
  )
})

test('accepts what the format allows', async () => {
  const header = {
    __metadata__: { a: 'b' },
    later: entry('F32', [2], [4, 12]),
    scalar: entry('F32', [], [0, 4]),
    empty: entry('I64', [3, 0], [4, 4]),
    float8: entry('F8_E4M3', [3], [12, 15]),
    nibbles: entry('F4', [2], [15, 16]),
    extra: { ...entry('U8', [0], [16, 16]), note: [1, { deep: null }] },
  }
  const { tensors, metadata } = await read(`${JSON.stringify(header)}   \n`, 16)
  assert.equal([...metadata], [['a', 'b']])
  assert.equal(
    tensors.map(({ name, shape, byteLength }) => [name, shape, byteLength]),
    [
      ['later', [2], 8],
      ['scalar', [], 4],
      ['empty', [3, 0], 0],
      ['float8', [3], 3],
      ['nibbles', [2], 1],
      ['extra', [0], 0],
    ],
  )
  const start = tensors[1]!.offset
  assert.is(tensors[0]!.offset, start + 4)
  assert.equal((await read('{}')).tensors, [])
})

test('names that could reach a prototype are names', async () => {
  const { tensors } = await read('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1)
  assert.is(tensors[0]!.name, '__proto__')
  assert.is(Object.hasOwn(Object.prototype, 'dtype'), false)
})

const one = (text: string) => `{"t":${text}}`
const broken: [string, RegExp | string, string | object, (number | Uint8Array)?, bigint?][] = [
  ['an empty header', "begin with '{'", ''],
  ['a header that begins with a space', "begin with '{'", ' {}'],
  ['a header that is a list', "begin with '{'", '[]'],
  ['a header of 2^64 - 1 bytes', '18446744073709552000', '{}', 0, 2n ** 64n - 1n],
  ['a header past the end of the file', /the header is at bytes 8 to 1008, the file has 10/, '{}', 0, 1000n],
  ['text after the header', 'after the end', '{} x'],
  ['a header that is cut off', 'expected', '{"t":{"dtype":"F32"'],
  ['a trailing comma', 'expected a key', '{"__metadata__":{},}'],
  [
    'a key that occurs twice',
    "'t' occurs twice",
    '{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{}}',
  ],
  [
    'a field that occurs twice',
    "'dtype' occurs twice",
    one('{"dtype":"U8","dtype":"F32","shape":[],"data_offsets":[0,1]}'),
  ],
  ['bytes that are not UTF-8', 'UTF-8', '', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 5n],
  ['half a surrogate pair', 'surrogate', '{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'],
  ['a control character', 'control character', '{"a\u0001b":{}}'],
  ['nesting without end', 'nested deeper', `{"t":{"x":${'['.repeat(100_000)}`],
  ['metadata that is no object', '__metadata__', '{"__metadata__":[]}'],
  ['metadata with a number', "'n'", '{"__metadata__":{"n":1}}'],
  ['a description that is no object', "tensor 't'", one('[]')],
  ['no dtype', 'of the format, got nothing', one('{"shape":[],"data_offsets":[0,0]}')],
  ['an unknown dtype', "got 'F33'", { t: entry('F33', [1], [0, 4]) }, 4],
  ['a dtype of the prototype', "got 'toString'", { t: entry('toString', [1], [0, 4]) }, 4],
  ['no shape', 'shape: expected a list of sizes', one('{"dtype":"F32","data_offsets":[0,0]}')],
  ['a shape of strings', 'shape: expected a list of sizes', { t: entry('F32', ['1'], [0, 4]) }, 4],
  ['a negative size', 'whole number', { t: entry('F32', [-1, -1], [0, 4]) }, 4],
  ['minus zero', 'whole number', one('{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}')],
  ['a fractional size', 'whole number', { t: entry('F32', [0.5, 2], [0, 4]) }, 4],
  ['a size with a point', "got '1.0'", one('{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}'), 4],
  ['a size with an exponent', "got '1e0'", one('{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}'), 4],
  [
    'a size beyond 2^53',
    'whole number',
    one('{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}'),
    4,
  ],
  [
    'sizes whose product is too large',
    'too many elements',
    { t: entry('F32', [2 ** 40, 2 ** 40], [0, 4]) },
    4,
  ],
  [
    'sizes whose product wraps around 2^64',
    'too many elements',
    { t: entry('U8', [2 ** 32, 2 ** 32], [0, 0]) },
  ],
  ['one offset', 'data_offsets', { t: entry('F32', [1], [0]) }, 4],
  ['three offsets', 'data_offsets', { t: entry('F32', [1], [0, 4, 4]) }, 4],
  ['offsets out of order', 'expected begin before end, got [4, 0]', { t: entry('F32', [1], [4, 0]) }, 4],
  ['a shape that does not fill its bytes', /needs 8 bytes.*give it 4/, { t: entry('F32', [2], [0, 4]) }, 4],
  ['elements of half a byte that leave a half', 'needs 1.5 bytes', { t: entry('F4', [3], [0, 2]) }, 2],
  ['data past the end of the file', 'truncated', { t: entry('F32', [2], [0, 8]) }, 7],
  ['a hole at the start', 'leaves a hole', { t: entry('F32', [1], [4, 8]) }, 8],
  ['a hole', "'b' leaves a hole", { a: entry('U8', [1], [0, 1]), b: entry('U8', [1], [2, 3]) }, 3],
  ['an overlap', "'b' overlaps", { a: entry('U8', [2], [0, 2]), b: entry('U8', [2], [1, 3]) }, 3],
  ['two tensors in one place', 'overlaps', { a: entry('U8', [2], [0, 2]), b: entry('U8', [2], [0, 2]) }, 2],
  [
    'an empty tensor inside another',
    'overlaps',
    { a: entry('U8', [2], [0, 2]), b: entry('U8', [0], [1, 1]) },
    2,
  ],
  ['bytes of no tensor', '3 bytes after the last', { a: entry('U8', [2], [0, 2]) }, 5],
]
for (const [what, pattern, header, data, length] of broken)
  test(`refuses ${what}`, async () => {
    await rejects(read(header, data, length), 'WEIGHTS_CORRUPT', 'x.safetensors', pattern)
  })

test('headers that ask for too much are refused before they are read', () =>
  withLimits({ weightsHeaderBytes: 2000, tensors: 10, tensorAxes: 4 }, async () => {
    await rejects(read(`{}${' '.repeat(2000)}`), 'LIMIT_EXCEEDED', 'x.safetensors', 'weightsHeaderBytes')
    const many = Array.from({ length: 11 }, (_, index) => [`t${index}`, entry('U8', [0], [0, 0])])
    await rejects(read(Object.fromEntries(many)), 'LIMIT_EXCEEDED', 'x.safetensors', 'tensors')
    await rejects(
      read({ __metadata__: Object.fromEntries(many.map(([key]) => [key, ''])) }),
      'LIMIT_EXCEEDED',
      '__metadata__',
    )
    await rejects(read({ t: entry('U8', [0, 0, 0, 0, 0], [0, 0]) }), 'LIMIT_EXCEEDED', 'tensorAxes')
  }))

test('a header of the longest kind that is allowed is read or refused in seconds', async () => {
  const row = (index: number) => `"${index}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`
  const most = Array.from({ length: 100_000 }, (_, index) => row(index)).join(',')
  const began = performance.now()
  assert.is((await read(`{${most}}`)).tensors.length, 100_000)
  await rejects(read(`{${most},${row(100_000)}}`), 'LIMIT_EXCEEDED', 'tensors')
  await rejects(read(`{"t":{"x":[${'[],'.repeat(10_000_000)}[]]}}`), 'WEIGHTS_CORRUPT', 'got nothing')
  await rejects(read(`{"${'x'.repeat(30_000_000)}":1}`), 'WEIGHTS_CORRUPT', 'xxx')
  assert.ok(performance.now() - began < 30_000)
})

test('refuses files that are no safetensors at all', async () => {
  for (const bytes of ['', '1234567', Buffer.alloc(8), '<!DOCTYPE html><html></html>'])
    await rejects(withFile('x.safetensors', bytes, readSafetensors), 'WEIGHTS_CORRUPT', 'x.safetensors')
  await rejects(
    withFile(
      'x.safetensors',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n',
      readSafetensors,
    ),
    'WEIGHTS_CORRUPT',
    'Git LFS pointer',
  )
  await rejects(
    readSafetensors('/nowhere/x.safetensors'),
    'FILE_NOT_FOUND',
    '/nowhere/x.safetensors does not exist',
  )
  await inFolder((dir) => rejects(readSafetensors(dir), 'FILE_NOT_FOUND', dir))
})

test('every truncation of a file is found', async () => {
  const bytes = await readFile(golden)
  for (let length = 0; length < bytes.length; length += 97)
    await rejects(withFile('x.safetensors', bytes.subarray(0, length), readSafetensors), 'WEIGHTS_CORRUPT')
})

test('damage never gets past as anything but a SaccadeError', async () => {
  const header = {
    a: entry('F32', [2, 3], [0, 24]),
    b: entry('I64', [1], [24, 32]),
    __metadata__: { x: 'y' },
  }
  const bytes = safetensorsBytes(header, 32)
  const random = randomFrom(1)
  let found = 0
  await inFolder(async (dir) => {
    for (let round = 0; round < 1500; round++) {
      await writeFile(join(dir, 'x'), mutate(bytes, random))
      const result = await readSafetensors(join(dir, 'x')).catch((error: unknown) => error)
      if (result instanceof Error) {
        if (!(result instanceof SaccadeError)) throw result
        found++
      } else
        for (const { byteLength, shape } of (result as Awaited<ReturnType<typeof readSafetensors>>).tensors)
          assert.ok(byteLength <= 64 && shape.every((size) => size >= 0))
    }
  })
  assert.ok(found > 700, `only ${found} found`)
})

test.run()
