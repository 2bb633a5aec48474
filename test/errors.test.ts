import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { invalid, SaccadeError, show } from '../lib/errors.js'
import { checkOptions, optionInvalid } from '../lib/options.js'
import { throws } from './weights/build.js'

test('the error of an argument says what it is, what was expected, and what it got', () => {
  const cause = new Error('inner')
  const error = invalid('SHAPE_MISMATCH', 'pixelValues', '[batch, 3, 224, 224]', '[1, 3, 7]', { cause })
  assert.instance(error, SaccadeError)
  assert.is(error.code, 'SHAPE_MISMATCH')
  assert.is(error.message, 'pixelValues: expected [batch, 3, 224, 224], got [1, 3, 7]')
  assert.is(error.cause, cause)
})

test('values are shown on one line', () => {
  const shown: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [12n, '12n'],
    [Symbol('s'), 'Symbol(s)'],
    ['two\nlines', "'two\\nlines'"],
    [[1, [2, 3], 'a'], "[1, [2, 3], 'a']"],
    [[], '[]'],
    [{ a: 1 }, '{ a: 1 }'],
    [Float32Array.of(1, 2), 'Float32Array(2) [ 1, 2 ]'],
    [Object.create(null), '[Object: null prototype] {}'],
    [function named() {}, '[Function: named]'],
  ]
  for (const [value, text] of shown) assert.is(show(value), text)
  assert.not.match(show(new Error('with a stack')), /\n/)
})

test('what is shown is at most 200 characters long', () => {
  const nested = Array.from({ length: 1e5 }, () => [1, 2, 3])
  const values = ['x'.repeat(1e6), nested, { key: 'x'.repeat(1e6) }, new Float32Array(1e6), Buffer.alloc(1e6)]
  for (const value of values) {
    assert.ok(show(value).length <= 200, show(value))
    assert.match(show(value), /…|more/)
  }
  assert.ok(invalid('INTERNAL', 'a', 'b', 'x'.repeat(1e6)).message.length < 300)
})

test('a path, a URL or a key in a message is at most 200 characters long, and keeps its end', () => {
  const long = `/models/${'x'.repeat(500)}/config.json`
  const direct = new SaccadeError('FILE_NOT_FOUND', `there is no ${long} here`).message
  const named = invalid('CONFIG_INVALID', `${long}: a b`, 'a number', "'x'").message
  for (const message of [direct, named]) {
    assert.ok(message.length < 260, message)
    assert.match(message, /\/models\/x+…x+\/config\.json/)
  }
  const short = `/models/${'x'.repeat(150)}/config.json`
  assert.ok(
    new SaccadeError('FILE_NOT_FOUND', `there is no ${short} here, and more words`).message.includes(short),
  )
})

test('no value makes showing it fail', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic, { cyclic })
  const fails = () => {
    throw new Error('hostile')
  }
  const { proxy: revoked, revoke } = Proxy.revocable([], {})
  revoke()
  const hostile = [
    cyclic,
    { toString: fails, toJSON: fails, [Symbol.toPrimitive]: fails },
    { [Symbol.for('nodejs.util.inspect.custom')]: fails },
    { [Symbol.for('nodejs.util.inspect.custom')]: () => 7 },
    {
      get key() {
        return fails()
      },
    },
    new Proxy({}, { get: fails, ownKeys: fails, getPrototypeOf: fails }),
    new Proxy([1], { get: fails }),
    revoked,
  ]
  for (const value of hostile) assert.type(show(value), 'string')
})

test('an unknown option is named with those that exist', async () => {
  checkOptions({ device: 'cpu' }, ['device', 'dtype'], 'load')
  await throws(
    () => checkOptions({ device: 'cpu', dtpye: 'q8' }, ['device', 'dtype'], 'load'),
    'OPTION_UNKNOWN',
    "load: expected one of the options device, dtype, got 'dtpye'",
  )
  for (const options of [null, 5, 'fast'])
    await throws(
      () => checkOptions(options as never, ['device'], 'load'),
      'OPTION_INVALID',
      'load: options: expected an object, got ',
    )
})

test('a bad value of an option is shown', async () => {
  await throws(() => optionInvalid('threads', -1, 'a whole number'), 'OPTION_INVALID', 'got -1')
})

test('JSON has the name, code and message of an error, and no stack', () => {
  const error = new SaccadeError('OPTION_INVALID', 'threads: bad', { cause: new Error('secret') })
  assert.equal(JSON.parse(JSON.stringify({ error })), {
    error: { name: 'SaccadeError', code: 'OPTION_INVALID', message: 'threads: bad' },
  })
})

test('errors of arguments are made by invalid(), so that all have one form', () => {
  const lib = fileURLToPath(new URL('../lib/', import.meta.url))
  const byHand = /new SaccadeError\(\s*'(?:OPTION_INVALID|OPTION_UNKNOWN|DTYPE_MISMATCH|SHAPE_MISMATCH)'/
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  assert.ok(files.length > 150)
  assert.equal(
    files.filter((file) => byHand.test(readFileSync(join(lib, file), 'utf8'))),
    [],
  )
})

test.run()
