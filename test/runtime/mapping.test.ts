import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { native, read, sum } from './encode.js'
import { rejects, throws } from './failure.js'

const folder = mkdtempSync(join(tmpdir(), 'saccade-mapping-'))
const path = join(folder, 'weights')
writeFileSync(path, Buffer.from(Float32Array.from([1, 2, 3, 4]).buffer))

test.after(() => rmSync(folder, { recursive: true }))

test('a mapping shows the bytes of its file', () => {
  const mapping = native.mapFile(path)
  assert.is(mapping.byteLength, 16)
  assert.equal(read(mapping.buffer(0, 16)), [1, 2, 3, 4])
  assert.equal(read(mapping.buffer(8, 8)), [3, 4])
  assert.equal(read(mapping.buffer(4, 8)), [2, 3])
  assert.is(mapping.buffer(16, 0).byteLength, 0)
})

test('a part keeps the file mapped', () => {
  const mapping = native.mapFile(path)
  const part = mapping.buffer(8, 8)
  mapping.dispose()
  mapping.dispose()
  throws(() => mapping.buffer(0, 4), 'DISPOSED', /mapping was disposed/)
  assert.equal(read(part), [3, 4])
})

test('parts in place cost no memory, others are copied', () => {
  const mapping = native.mapFile(path)
  const before = native.info().memory.buffers
  const inPlace = mapping.buffer(8, 8)
  assert.is(native.info().memory.buffers, before)
  const copied = mapping.buffer(4, 8)
  assert.is(native.info().memory.buffers, before + 8)
  copied.dispose()
  inPlace.dispose()
})

const hasHugePages = existsSync('/sys/kernel/mm/transparent_hugepage')

test('a mapped file is paged in by small pages', () => {
  if (!hasHugePages) return
  const mapping = native.mapFile(path)
  const areas = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  const mine = areas.filter((area) => area.split('\n')[0]!.endsWith(path))
  assert.ok(mine.length > 0)
  for (const area of mine) assert.match(area, /^VmFlags:.* nh( |$)/m)
  mapping.dispose()
})

test('a mapped part can be computed with, but not written', async () => {
  const mapping = native.mapFile(path)
  const part = mapping.buffer(0, 16)
  assert.equal(read((await sum(4).run([part, part], 1))[0]), [2, 4, 6, 8])
  const { Encoder } = await import('./encode.js')
  const encoder = new Encoder()
  encoder.inputs = 1
  const buffer = encoder.buffer('inout', 0, 16)
  encoder.outputs = [buffer]
  encoder.add('fill', [{ buffer, dims: [4] }], [0])
  await rejects(native.createProgram(encoder.code(), []).run([part], 1), 'INPUT_INVALID', /input 0 .* mapped/)
})

test('the key is that of the file, until it changes', () => {
  const first = native.mapFile(path)
  assert.is(native.mapFile(path).key, first.key)
  const other = join(folder, 'other')
  writeFileSync(other, 'text')
  const before = native.mapFile(other).key
  assert.is.not(before, first.key)
  appendFileSync(other, 'more')
  assert.is.not(native.mapFile(other).key, before)
})

test('parts past the end are refused', () => {
  const mapping = native.mapFile(path)
  throws(() => mapping.buffer(17, 0), 'INPUT_INVALID', /offset: expected a whole number from 0 to 16/)
  throws(() => mapping.buffer(8, 9), 'INPUT_INVALID', /byteLength: expected a whole number from 0 to 8/)
  throws(() => mapping.buffer(-8, 8), 'INPUT_INVALID', /offset/)
})

test('what is no file is refused by name', () => {
  const missing = join(folder, 'missing')
  throws(() => native.mapFile(missing), 'FILE_NOT_FOUND', /no such file: .*missing/)
  throws(() => native.mapFile(join(path, 'below')), 'FILE_NOT_FOUND', /no such file: .*below/)
  throws(() => native.mapFile(folder), 'FILE_NOT_FOUND', /expected a file: .*saccade-mapping/)
  throws(() => native.mapFile(7 as never), 'INPUT_INVALID', /path: expected a string/)
})

test('an empty file is mapped as nothing', () => {
  const empty = join(folder, 'empty')
  writeFileSync(empty, 'x')
  truncateSync(empty)
  const mapping = native.mapFile(empty)
  assert.is(mapping.byteLength, 0)
  assert.is(mapping.buffer(0, 0).read().byteLength, 0)
})

test.run()
