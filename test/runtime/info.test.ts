import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { native } from './encode.js'

test('info describes the machine and the build', () => {
  const info = native.info()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.is(info.version, version)
  assert.ok(info.isas.includes(info.isa))
  assert.is(info.isas.at(-1), 'generic')
  assert.ok(info.cores >= 1 && info.cores <= availableParallelism())
  assert.ok(info.cpu.length > 0 && info.compiler.length > 0)
  assert.type(info.cuda.built, 'boolean')
  assert.is(info.cuda.available, info.cuda.reason === '')
})

test('names are those of kernel.h', () => {
  const header = readFileSync(new URL('../../native/runtime/kernel.h', import.meta.url), 'utf8')
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
  const [one, two] = [native.packedBytes(1, 64, 64, 0), native.packedBytes(2, 64, 64, 0)]
  assert.ok(one >= 64 * 64 * 4)
  assert.is(two, 2 * one)
  assert.throws(() => native.packedBytes(1, 1.5, 1, 0), /k: expected a whole number/)
  assert.throws(() => native.packedBytes(1, 1, 1, 99), /precision: expected a whole number/)
  assert.throws(() => native.packedBytes(2 ** 30, 2 ** 30, 2 ** 30, 0), /more than any memory/)
})

test.run()
