import { constants, PerformanceObserver } from 'node:perf_hooks'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NativeBuffer } from '../../lib/runtime/native.js'
import { floats, native, read, sum } from './encode.js'
import { throws } from './failure.js'

test('a buffer copies the bytes a view shows', () => {
  const source = Float32Array.from([1, 2, 3, 4])
  const buffer = native.bufferFrom(source.subarray(1, 3))
  source.fill(0)
  assert.is(buffer.byteLength, 8)
  assert.equal(read(buffer), [2, 3])
})

test('every kind of view will do', () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])
  const shared = new Uint8Array(new SharedArrayBuffer(8))
  shared.set(bytes)
  const views = [
    bytes,
    new DataView(bytes.buffer),
    Buffer.from(bytes),
    new BigInt64Array(bytes.buffer),
    shared,
  ]
  for (const view of views) {
    assert.equal(Array.from(new Uint8Array(native.bufferFrom(view).read())), Array.from(bytes))
  }
  assert.equal(
    Array.from(new Uint8Array(native.bufferFrom(new DataView(bytes.buffer, 2, 3)).read())),
    [3, 4, 5],
  )
})

test('an empty buffer is a buffer', () => {
  const buffer = native.bufferFrom(new Float32Array(0))
  assert.is(buffer.byteLength, 0)
  assert.is(buffer.read().byteLength, 0)
})

test('a copy is memory of its own', async () => {
  const buffer = native.bufferFrom(Float32Array.from([1, 2, 3]))
  const copy = await buffer.copy('cpu')
  assert.is(buffer.device, 'cpu')
  assert.is(copy.device, 'cpu')
  buffer.dispose()
  assert.is(buffer.device, 'cpu')
  assert.equal(read(copy), [1, 2, 3])
  throws(() => buffer.copy('cpu'), 'DISPOSED', /disposed/)
  throws(() => copy.copy('cuda'), 'DEVICE_UNAVAILABLE', /device 'cuda' cannot be used: ./)
  throws(() => copy.copy('tpu' as 'cpu'), 'OPTION_INVALID', /unknown device 'tpu'/)
})

test('a disposed buffer is not read again, and may be disposed twice', () => {
  const before = native.info().memory.buffers
  const buffer = native.bufferFrom(new Uint8Array(1000))
  assert.is(native.info().memory.buffers, before + 1000)
  assert.not(buffer.disposed)
  buffer.dispose()
  buffer.dispose()
  assert.ok(buffer.disposed)
  assert.is(buffer.byteLength, 1000)
  assert.is(native.info().memory.buffers, before)
  throws(() => buffer.read(), 'DISPOSED', /disposed/)
})

test('collected buffers give their memory back', async () => {
  // Each of these holds 8 MB: without external memory being accounted, V8 would see no reason to collect them.
  const data = new Uint8Array(8 << 20)
  for (let i = 0; i < 200; i++) {
    native.bufferFrom(data)
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(native.info().memory.buffers < 800 << 20, `${native.info().memory.buffers} bytes alive`)
})

test('what is no view is refused', () => {
  for (const value of [undefined, null, 1, 'text', [1, 2], new ArrayBuffer(8), {}]) {
    throws(
      () => native.bufferFrom(value as never),
      'INPUT_INVALID',
      /data: expected a typed array or DataView/,
    )
  }
})

test('objects of the addon cannot be made up', () => {
  const buffer = floats([1])
  const Buffer = buffer.constructor as new () => unknown
  assert.throws(() => new Buffer(), /Illegal constructor/)
  assert.throws(() => buffer.read.call(sum(1) as never), /Illegal invocation/)
  assert.throws(() => buffer.read.call({} as never), /Illegal invocation/)
})

test('a constant is stored under its key while it is held', () => {
  const buffer = floats([1, 2])
  assert.is(native.findConstant('test: a'), undefined)
  assert.is(native.publishConstant('test: a', buffer), buffer)
  const other = native.publishConstant('test: a', floats([3, 4]))
  assert.equal(read(other), [1, 2])
  const found = native.findConstant('test: a')
  assert.equal(read(found), [1, 2])
  for (const holder of [buffer, other, found!]) holder.dispose()
  assert.is(native.findConstant('test: a'), undefined)
})

// How often V8 collected the whole heap during a step: what it does when it is told of much external memory.
async function collections(step: () => void): Promise<number> {
  let count = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  step()
  await new Promise((resolve) => setTimeout(resolve, 20))
  observer.disconnect()
  return count
}

test('constants are accounted to the process, not to the heap', async () => {
  const data = new Uint8Array(32 << 20)
  const hold = (keep: (buffer: NativeBuffer, index: number) => NativeBuffer) => () => {
    const held = Array.from({ length: 20 }, (_, index) => keep(native.bufferFrom(data), index))
    for (const each of held) each.dispose()
  }
  const own = await collections(hold((buffer) => buffer))
  const published = await collections(
    hold((buffer, index) => native.publishConstant(`test: large ${index}`, buffer)),
  )
  assert.ok(published < own, `${published} collections for constants, ${own} for buffers`)
})

test('a constant that is found is not accounted to the heap', async () => {
  const buffer = native.bufferFrom(new Uint8Array(32 << 20))
  native.publishConstant('test: large', buffer)
  const found = await collections(() => {
    for (let i = 0; i < 1000; i++) native.findConstant('test: large')
  })
  assert.ok(found <= 1, `${found} collections`)
  buffer.dispose()
})

test.run()
