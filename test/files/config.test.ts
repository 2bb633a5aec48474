import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as config from '../../lib/files/config.js'
import { inFolder, rejects, throws } from '../weights/build.js'

const of = (values: Record<string, unknown>) => config.makeConfig('/m/config.json', values)

async function readText(text: string | Uint8Array) {
  return inFolder(async (dir) => {
    await writeFile(join(dir, 'config.json'), text)
    return config.readConfig(dir, 'config.json')
  })
}

test('reads an object', async () => {
  const read = await readText('\ufeff{"hidden_size": 64, "__proto__": {"polluted": true}}')
  assert.is(config.positiveInt(read, 'hidden_size'), 64)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

test('a file that is missing, or no JSON, is named with the place of the fault', async () => {
  await inFolder(async (dir) => {
    await rejects(
      config.readConfig(dir, 'config.json'),
      'FILE_NOT_FOUND',
      join(dir, 'config.json'),
      'does not exist',
    )
    assert.is(await config.readConfigIfAny(dir, 'config.json'), undefined)
    await mkdir(join(dir, 'folder.json'))
    await rejects(config.readConfigIfAny(dir, 'folder.json'), 'FILE_NOT_FOUND', 'folder.json', 'a folder')
  })
  await rejects(readText('{\n  "a": 1,\n  "b": tru\n}'), 'CONFIG_INVALID', 'config.json, line 3, column 8')
  await rejects(readText('{"é€😀": tru}'), 'CONFIG_INVALID', 'config.json, line 1, column 10')
  await rejects(readText(''), 'CONFIG_INVALID', 'line 1, column 1', 'the end of the text')
  await rejects(readText('[1]'), 'CONFIG_INVALID', 'expected an object, got [1]')
  await rejects(readText('null'), 'CONFIG_INVALID', 'got null')
  await rejects(readText(Uint8Array.of(0x7b, 0xff, 0x7d)), 'CONFIG_INVALID', 'not UTF-8')
  await rejects(readText(`${'['.repeat(1e6)}`), 'CONFIG_INVALID', 'nested deeper')
})

test('getters return good values', () => {
  const values = of({
    ...{ int: 3, zero: 0, negative: -1, float: 0.5, text: 'gelu', yes: true, none: null },
    ...{ list: [1, 2.5], sizes: [3, 4], size: 7, one: [16], names: ['a'], nested: { depth: { x: 1 } } },
  })
  assert.is(config.positiveInt(values, 'int'), 3)
  assert.is(config.nonNegativeInt(values, 'zero'), 0)
  assert.is(config.number(values, 'negative'), -1)
  assert.is(config.positiveNumber(values, 'float'), 0.5)
  assert.is(config.string(values, 'text'), 'gelu')
  assert.is(config.boolean(values, 'yes'), true)
  assert.is(config.oneOf(values, 'text', ['relu', 'gelu']), 'gelu')
  assert.equal(config.positiveInts(values, 'sizes'), [3, 4])
  assert.equal(config.strings(values, 'names'), ['a'])
  assert.equal(config.sizePair(values, 'sizes'), [3, 4])
  assert.equal(config.sizePair(values, 'size'), [7, 7])
  assert.equal(config.sizePair(values, 'one'), [16, 16])
  assert.is(config.number(config.object(config.object(values, 'nested'), 'depth'), 'x'), 1)
})

test('a fallback stands in for what is missing or null, and for nothing else', async () => {
  const values = of({ none: null, bad: 'x' })
  assert.is(config.positiveInt(values, 'missing', 5), 5)
  assert.is(config.nonNegativeInt(values, 'none', 0), 0)
  assert.is(config.boolean(values, 'none', false), false)
  assert.is(config.string(values, 'none', ''), '')
  assert.is(config.oneOf(values, 'missing', ['a'], 'a'), 'a')
  assert.equal(config.sizePair(values, 'missing', [1, 2]), [1, 2])
  assert.is(config.optional(config.positiveInt, values, 'none'), undefined)
  assert.is(config.optional(config.string, values, 'bad'), 'x')
  assert.is(config.isSet(values, 'none'), false)
  assert.is(config.isSet(values, 'toString'), false)
  await throws(() => config.positiveInt(values, 'bad', 5), 'CONFIG_INVALID', `got 'x'`)
})

const bad: [string, (values: config.Config) => unknown, unknown, string][] = [
  ['positiveInt of a text', (c) => config.positiveInt(c, 'key'), '64', `a whole number above 0, got '64'`],
  ['positiveInt of 0', (c) => config.positiveInt(c, 'key'), 0, 'got 0'],
  ['positiveInt of a fraction', (c) => config.positiveInt(c, 'key'), 1.5, 'got 1.5'],
  ['positiveInt of 2^60', (c) => config.positiveInt(c, 'key'), 2 ** 60, 'got 1152921504606847000'],
  ['nonNegativeInt of -1', (c) => config.nonNegativeInt(c, 'key'), -1, '0 or more, got -1'],
  ['positiveNumber of 0', (c) => config.positiveNumber(c, 'key'), 0, 'above 0, got 0'],
  ['positiveNumber of a text', (c) => config.positiveNumber(c, 'key'), '1', `got '1'`],
  ['number of true', (c) => config.number(c, 'key'), true, 'a number, got true'],
  ['boolean of 1', (c) => config.boolean(c, 'key'), 1, 'true or false, got 1'],
  ['string of a list', (c) => config.string(c, 'key'), [1], 'a string, got [1]'],
  ['oneOf of another', (c) => config.oneOf(c, 'key', ['a', 'b']), 'c', `one of 'a', 'b', got 'c'`],
  ['positiveInts of a number', (c) => config.positiveInts(c, 'key'), 1, 'a list, each item a whole'],
  ['strings with a number', (c) => config.strings(c, 'key'), ['a', 1], '"key.1": expected a string, got 1'],
  ['sizePair of three', (c) => config.sizePair(c, 'key'), [1, 2, 3], 'height and width, got [1, 2, 3]'],
  ['sizePair of none', (c) => config.sizePair(c, 'key'), [], 'got []'],
  ['object of a list', (c) => config.object(c, 'key'), [], 'an object, got []'],
  ['a missing key', (c) => config.object(c, 'key'), undefined, '"key": expected an object, got nothing'],
  ['null', (c) => config.string(c, 'key'), null, '"key": expected a string, got null'],
]
for (const [what, get, value, problem] of bad)
  test(`refuses ${what}, naming file, key, and what was expected`, async () => {
    const values = value === undefined ? {} : { key: value }
    await throws(() => get(of(values)), 'CONFIG_INVALID', '/m/config.json, "key', problem)
  })

test('keys of nested objects are named with the way to them', async () => {
  const nested = config.object(of({ vision_config: { depth: 'x' } }), 'vision_config')
  await throws(() => config.positiveInt(nested, 'depth'), 'CONFIG_INVALID', '"vision_config.depth"')
})

test('items of lists are named by their index', async () => {
  const values = of({ layers: [{ depth: 1 }, { depth: 0 }], mixed: [{}, 7], pairs: [['a', 1], ['b']] })
  const layers = config.objects(values, 'layers')
  assert.equal(
    layers.map((layer) => config.number(layer, 'depth')),
    [1, 0],
  )
  await throws(() => config.positiveInt(layers[1]!, 'depth'), 'CONFIG_INVALID', '"layers.1.depth"')
  await throws(
    () => config.objects(values, 'mixed'),
    'CONFIG_INVALID',
    '"mixed.1": expected an object, got 7',
  )
  assert.equal(config.objects(values, 'missing', []), [])
  assert.equal(config.object(config.list(values, 'mixed'), '0').prefix, 'mixed.0.')
  const pairs = config.listGetter(
    'a pair',
    (value): value is unknown[] => Array.isArray(value) && value.length === 2,
  )
  await throws(() => pairs(values, 'pairs'), 'CONFIG_INVALID', `"pairs.1": expected a pair, got ['b']`)
})

test('errors carry the code the file was opened with', async () => {
  const values = config.makeConfig('t.json', { model: { type: 1 } }, 'TOKENIZER_INVALID')
  const model = config.object(values, 'model')
  await throws(() => config.string(model, 'type'), 'TOKENIZER_INVALID', 't.json, "model.type"')
  await inFolder(async (dir) => {
    await writeFile(join(dir, 't.json'), '{"a"}')
    const read = () => config.readConfig(dir, 't.json', 'TOKENIZER_INVALID')
    await rejects(read(), 'TOKENIZER_INVALID', 't.json, line 1, column 5')
    await writeFile(join(dir, 't.json'), Uint8Array.of(0x7b, 0xff, 0x7d))
    await rejects(read(), 'TOKENIZER_INVALID', 't.json: not UTF-8')
  })
})

test('long values are cut short', async () => {
  const error = await throws(
    () => config.string(of({ key: Array(1000).fill(1) }), 'key'),
    'CONFIG_INVALID',
    '…',
  )
  assert.ok(error.message.length < 300)
})

test.run()
