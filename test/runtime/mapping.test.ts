import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runChild } from './child.js'
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

test('a layout is that of a view of a file, and of the elements that it has', async () => {
  const part = native.mapFile(path).buffer(0, 16)
  const layout = { elementBytes: 4, narrow: false, shape: [2, 2], strides: [1, 2] }
  assert.equal(Array.from(new Float32Array(part.read(layout))), [1, 3, 2, 4])
  assert.equal(Array.from(new Float32Array(await part.download(layout))), [1, 3, 2, 4])
  assert.equal(read(await part.copy('cpu', layout)), [1, 3, 2, 4])
  const past = { ...layout, strides: [1, 3] }
  for (const call of [() => part.read(past), () => part.download(past), () => part.copy('cpu', past)])
    throws(call, 'INPUT_INVALID', /layout: its elements go past the end of 16 bytes/)
  throws(() => part.read({ ...layout, elementBytes: 3 }), 'INPUT_INVALID', /1, 2, 4 or 8 bytes/)
  throws(() => part.read({ ...layout, strides: [1] }), 'INPUT_INVALID', /a stride for each of 2 axes/)
  throws(() => part.read({ ...layout, shape: [-1, 2] }), 'INPUT_INVALID', /layout.shape/)
  throws(() => part.read({} as never), 'INPUT_INVALID', /layout.elementBytes/)
  throws(() => native.bufferFrom(new Float32Array(4)).read(layout), 'INPUT_INVALID', /a view of a file/)
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

/** A file with n float32 ones. */
function ones(name: string, n: number): string {
  const file = join(folder, name)
  writeFileSync(file, new Float32Array(n).fill(1))
  return file
}

const many = 1 << 18

test('a run on a file that was cut rejects, and other runs go on', async () => {
  const file = ones('cut', many)
  const part = native.mapFile(file).buffer(0, 4 * many)
  const other = native.mapFile(ones('whole', many)).buffer(0, 4 * many)
  const program = sum(many)
  await program.run([part, part], 1)
  truncateSync(file, 8)
  await rejects(program.run([part, part], 1), 'WEIGHTS_CORRUPT', /cut was changed .* expected 1048576 bytes/)
  throws(() => part.read(), 'WEIGHTS_CORRUPT', /cut was changed/)
  assert.is(read((await program.run([other, other], 1))[0])[many - 1], 2)
})

test('a file that is cut during a run makes the run reject', async () => {
  const file = ones('cut-during', many)
  const part = native.mapFile(file).buffer(0, 4 * many)
  const run = sum(many, 4000).run([part, part], 1)
  truncateSync(file, 8)
  await rejects(run, 'WEIGHTS_CORRUPT', /cut-during was changed/)
})

test('an aborted run says so, whatever became of its files', async () => {
  const file = ones('aborted', many)
  const part = native.mapFile(file).buffer(0, 4 * many)
  const cancel = native.createCancel()
  const run = sum(many, 10_000).run([part, part], 1, cancel)
  truncateSync(file, 8)
  cancel.cancel()
  await rejects(run, 'ABORTED', /aborted/)
})

test('a file that was rewritten in place is told from one that was replaced', async () => {
  const file = ones('rewritten', 4)
  const replaced = ones('replaced', 4)
  const parts = [file, replaced].map((path) => native.mapFile(path).buffer(0, 16))
  writeFileSync(`${replaced}.new`, Float32Array.of(5, 6, 7, 8))
  renameSync(`${replaced}.new`, replaced)
  assert.equal(read((await sum(4).run([parts[1]!, parts[1]!], 1))[0]), [2, 2, 2, 2])
  writeFileSync(file, Float32Array.of(5, 6, 7, 8))
  await rejects(sum(4).run([parts[0]!, parts[0]!], 1), 'WEIGHTS_CORRUPT', /written to while it was in use/)
})

test('a part of a file that was cut cannot be taken', () => {
  const file = ones('cut-before', many)
  const mapping = native.mapFile(file)
  truncateSync(file, 8)
  throws(() => mapping.buffer(0, 4 * many, 4), 'WEIGHTS_CORRUPT', /cut-before was changed/)
  throws(() => mapping.buffer(1, 400), 'WEIGHTS_CORRUPT', /cut-before was changed/)
})

test('a copy of a file stays what it was', async () => {
  const file = ones('copied', many)
  // Buffers of the tests above, collected meanwhile, would be counted as freed by this one.
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  await setImmediate()
  const before = native.info().memory.buffers
  const copy = await native.copyFile(file)
  assert.is(native.info().memory.buffers, before + 4 * many)
  assert.is(copy.key, native.mapFile(file).key)
  const part = copy.buffer(0, 4 * many)
  truncateSync(file, 8)
  part.forget()
  assert.is(read((await sum(many).run([part, part], 1))[0])[many - 1], 2)
  await rejects(native.copyFile(join(folder, 'missing')), 'FILE_NOT_FOUND', /no such file/)
})

test('signals of others still reach their listeners, and workers survive a file that was cut', async () => {
  const { code, output } = await runChild('cut-file')
  assert.is(code, 0, output)
  assert.is(output, 'SIGBUS\nWEIGHTS_CORRUPT\nWEIGHTS_CORRUPT\n')
})

test.run()
