import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DeviceName } from '../../lib/runtime/native.js'
import { native } from './encode.js'
import { throws } from './failure.js'

test('info describes the machine and the build', () => {
  const info = native.info()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.is(info.version, version)
  assert.ok(info.isas.includes(info.isa))
  assert.is(info.isas.at(-1), 'generic')
  assert.ok(info.cores >= 1 && info.cores <= availableParallelism())
  assert.ok(info.cpu.length > 0 && info.compiler.length > 0)
  assert.equal(
    info.devices.map(({ name }) => name),
    ['cpu', 'cuda'],
  )
  for (const { available, reason, description } of info.devices) {
    assert.is(available, reason === '')
    assert.is(available, description !== '')
  }
  assert.ok(info.devices[0]!.available)
  assert.is(native.isa('cpu'), info.isa)
})

test('names are those of op.h', () => {
  const header = readFileSync(new URL('../../native/runtime/op.h', import.meta.url), 'utf8')
  const list = (name: string) => {
    const [, text] = new RegExp(`#define SACCADE_${name}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(header)!
    return Array.from(text!.matchAll(/X\((\w+)/g), ([, entry]) => entry!.replace(/_$/, ''))
  }
  const { ops, dtypes, unary, binary, reduce, precision } = native.names
  assert.equal(ops, list('OPS'))
  assert.equal(dtypes, list('DTYPES'))
  assert.equal(unary, list('UNARY'))
  assert.equal(binary, list('BINARY'))
  assert.equal(reduce, list('REDUCE'))
  assert.equal(precision, list('PRECISION'))
})

test('packedBytes grows with the matrix and refuses nonsense', () => {
  const bytes = (batch: number, k: number, n: number, precision: number) =>
    native.packedBytes('cpu', batch, k, n, precision)
  const [one, two] = [bytes(1, 64, 64, 0), bytes(2, 64, 64, 0)]
  assert.ok(one >= 64 * 64 * 4)
  assert.is(two, 2 * one)
  assert.throws(() => bytes(1, 1.5, 1, 0), /k: expected a whole number/)
  assert.throws(() => bytes(1, 1, 1, 99), /precision: expected a whole number/)
  assert.throws(() => bytes(2 ** 30, 2 ** 30, 2 ** 30, 0), /larger than any memory/)
})

test('a quantized row has room for its scale and its elements', () => {
  const bytes = (k: number) => native.quantizedRowBytes('cpu', k)
  for (const k of [1, 63, 64, 65, 65536]) {
    assert.ok(bytes(k) >= 4 + k)
    assert.is(bytes(k) % 4, 0)
  }
  for (const k of [0, 65537, 1.5]) assert.throws(() => bytes(k), /k: expected a whole number from 1 to 65536/)
})

test('each device is asked for by name', () => {
  const value = new Uint8Array(1)
  const mapping = native.mapFile(fileURLToPath(import.meta.url))
  assert.is(mapping.buffer(0, 2, 1, 'cpu').byteLength, 2)
  assert.is(native.bufferFrom(value, 'cpu').byteLength, 1)
  const asked: ((device: DeviceName) => unknown)[] = [
    (device) => native.isa(device),
    (device) => native.packedBytes(device, 1, 1, 1, 0),
    (device) => native.quantizedRowBytes(device, 1),
    (device) => native.bufferFrom(value, device),
    (device) => mapping.buffer(0, 2, 1, device),
    (device) => native.createProgram(new Float64Array(7), [], device),
  ]
  for (const ask of asked) {
    throws(() => ask('tpu' as 'cpu'), 'OPTION_INVALID', /unknown device 'tpu'; there are cpu, cuda/)
    throws(() => ask('cuda'), 'DEVICE_UNAVAILABLE', /device 'cuda' cannot be used: ./)
    throws(() => ask(1 as never), 'INPUT_INVALID', /device: expected a string/)
  }
})

test.run()
