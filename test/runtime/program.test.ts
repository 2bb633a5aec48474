import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Encoder, floats, longInputs, longProgram, native, read, sum } from './encode.js'
import { rejects, throws } from './failure.js'

test('a program computes, on any number of threads', async () => {
  const n = 100_000
  const a = Float32Array.from({ length: n }, (_, i) => i / 7)
  const b = Float32Array.from({ length: n }, (_, i) => i % 13)
  const expected = Array.from(a, (value, i) => Math.fround(value + b[i]!))
  const program = sum(n)
  const inputs = [floats(a), floats(b)]
  for (const threads of [0, 1, 2, 4, 7]) {
    const [result] = await program.run(inputs, threads)
    assert.equal(read(result), expected)
  }
})

test('runs that are started together all end, each with its own result', async () => {
  const program = sum(3)
  const one = floats([1, 1, 1])
  const runs = Array.from({ length: 100 }, (_, i) => program.run([one, floats([i, i, i])], 1 + (i % 3)))
  const results = await Promise.all(runs)
  for (const [i, [result]] of results.entries()) assert.equal(read(result), [i + 1, i + 1, i + 1])
})

test('inputs and program may be disposed while they are in use', async () => {
  const program = sum(1000, 100)
  const a = floats(new Float32Array(1000).fill(1))
  const runs = [program.run([a, a], 2), program.run([a, a], 2)]
  a.dispose()
  program.dispose()
  program.dispose()
  for (const [result] of await Promise.all(runs)) assert.is(read(result)[999], 2)
  await rejects(program.run([], 1), 'DISPOSED', /program was disposed/)
})

test('constants are kept by their program, and the arena is counted', async () => {
  const encoder = new Encoder()
  encoder.arenaBytes = 128
  const constant = encoder.buffer('constant', 0, 8)
  const between = encoder.buffer('arena', 64, 8)
  const out = encoder.buffer('output', 0, 8)
  encoder.outputs = [out]
  const [c, b, o] = [constant, between, out].map((buffer) => ({ buffer, dims: [2] }))
  encoder.add('binary', [b, c, c], [0])
  encoder.add('binary', [o, b, c], [0])
  const given = floats([1, 2])
  const program = native.createProgram(encoder.code(), [given])
  given.dispose()
  assert.is(program.arenaBytes, 128)
  assert.equal(read((await program.run([], 1))[0]), [3, 6])
  assert.ok(native.info().memory.arena >= 128)
})

test('an in-place output is returned as the same memory', async () => {
  const encoder = new Encoder()
  encoder.inputs = 1
  const buffer = encoder.buffer('inout', 0, 8)
  encoder.outputs = [buffer]
  encoder.add('fill', [{ buffer, dims: [1], offset: 1 }], [7])
  const program = native.createProgram(encoder.code(), [])
  const memory = floats([1, 2])
  const [result] = await program.run([memory], 1)
  assert.equal(read(result), [1, 7])
  assert.equal(read(memory), [1, 7])
})

test('what a run is given is checked', async () => {
  const program = sum(2)
  const right = floats([1, 2])
  await rejects(program.run([right], 1), 'SHAPE_MISMATCH', /takes 2 inputs, got 1/)
  await rejects(program.run([right, floats([1])], 1), 'SHAPE_MISMATCH', /input 1 has 4 bytes, expected 8/)
  await rejects(program.run([right, {} as never], 1), 'INPUT_INVALID', /expected a NativeBuffer/)
  await rejects(program.run([right, program as never], 1), 'INPUT_INVALID', /expected a NativeBuffer/)
  await rejects(program.run([right, null as never], 1), 'INPUT_INVALID', /expected a NativeBuffer/)
  await rejects(program.run('text' as never, 1), 'INPUT_INVALID', /inputs: expected an array/)
  await rejects(program.run([right, right], -1), 'INPUT_INVALID', /threads: expected a whole number/)
  await rejects(program.run([right, right], 1.5), 'INPUT_INVALID', /threads/)
  await rejects(
    program.run([right, right], 1, {} as never),
    'INPUT_INVALID',
    /cancel: expected a NativeCancel/,
  )
  right.dispose()
  await rejects(program.run([right, right], 1), 'DISPOSED', /input: the buffer was disposed/)
})

test('a malformed program is refused, naming the place', () => {
  const encoder = new Encoder()
  encoder.inputs = 1
  const input = encoder.buffer('input', 0, 8)
  const out = encoder.buffer('output', 0, 8)
  encoder.outputs = [out]
  encoder.add('copy', [
    { buffer: out, dims: [2] },
    { buffer: input, dims: [3] },
  ])
  const message = /instruction 0 \(copy\), view 1: reaches element 2 of a buffer with 2/
  throws(() => native.createProgram(encoder.code(), []), 'INTERNAL', message)
  throws(() => native.createProgram(new Float64Array(0), []), 'INTERNAL', /the program ends, expected magic/)
  throws(() => native.createProgram([] as never, []), 'INPUT_INVALID', /code: expected a Float64Array/)
  throws(() => native.createProgram(new Float32Array(8) as never, []), 'INPUT_INVALID', /code/)
  throws(() => native.createProgram(encoder.code(), [1] as never), 'INPUT_INVALID', /a constant: expected/)
})

test('a kernel that does not take its views says so', () => {
  const encoder = new Encoder()
  encoder.inputs = 1
  const input = encoder.buffer('input', 0, 8)
  const out = encoder.buffer('output', 0, 8)
  encoder.outputs = [out]
  encoder.add('binary', [
    { buffer: out, dims: [2] },
    { buffer: input, dims: [2] },
  ])
  throws(() => native.createProgram(encoder.code(), []), 'INTERNAL', /instruction 0 \(binary\): ./)
})

test('an index out of range is an error that names its instruction', async () => {
  const encoder = new Encoder()
  encoder.inputs = 2
  const table = encoder.buffer('input', 0, 24)
  const index = encoder.buffer('input', 1, 8)
  const out = encoder.buffer('output', 0, 16)
  encoder.outputs = [out]
  encoder.add('gather', [
    { buffer: out, dims: [1, 2, 2] },
    { buffer: table, dims: [1, 3, 2] },
    { buffer: index, dims: [2], dtype: 'int32' },
  ])
  const program = native.createProgram(encoder.code(), [])
  const rows = floats([0, 1, 10, 11, 20, 21])
  const at = (...indices: number[]) => native.bufferFrom(Int32Array.from(indices))
  assert.equal(read((await program.run([rows, at(2, 0)], 1))[0]), [20, 21, 0, 1])
  await rejects(program.run([rows, at(0, 3)], 1), 'INDEX_OUT_OF_RANGE', /instruction 0 \(gather\)/)
  await rejects(program.run([rows, at(-1, 0)], 1), 'INDEX_OUT_OF_RANGE', /instruction 0 \(gather\)/)
  assert.equal(read((await program.run([rows, at(1, 1)], 1))[0]), [10, 11, 10, 11])
})

test('a run that needs more memory than there is fails, and the next one works', async () => {
  const encoder = new Encoder()
  encoder.arenaBytes = 2 ** 50
  const out = encoder.buffer('output', 0, 8)
  encoder.outputs = [out]
  encoder.add('fill', [{ buffer: out, dims: [2] }], [1])
  const program = native.createProgram(encoder.code(), [])
  await rejects(program.run([], 1), 'OUT_OF_MEMORY', /cannot allocate 1125899906842624 bytes/)
  assert.equal(read((await sum(1).run([floats([1]), floats([2])], 1))[0]), [3])
})

test('the event loop goes on while a program runs', async () => {
  const cancel = native.createCancel()
  // One thread leaves the others' cores to the event loop.
  const run = longProgram().run(longInputs(), 1, cancel)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  clearInterval(timer)
  cancel.cancel()
  await rejects(run, 'ABORTED', /aborted/)
  assert.ok(ticks > 40, `${ticks} ticks in 200 ms`)
})

test.run()
