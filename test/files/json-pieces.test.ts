import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configOf, members, number, object } from '../../lib/files/config.js'
import { parseInPieces } from '../../lib/files/json-pieces.js'
import { Turns } from '../../lib/turns.js'

async function read(parse: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await parse())
  } catch (error) {
    assert.instance(error, SyntaxError)
    return 'not JSON'
  }
}

async function same(text: string): Promise<void> {
  const found = await read(() => parseInPieces(Buffer.from(text), new Turns(0, undefined)))
  assert.is(found, await read(() => JSON.parse(text)), text.slice(0, 40))
}

const blank = ' \n'.repeat(50_000)
const long = 'a"],}\\é€😀'.repeat(20_000)
const vocabulary = Object.fromEntries(Array.from({ length: 20_000 }, (_, id) => [`token "${id}"`, id]))
const merges = Array.from({ length: 20_000 }, (_, rank) => [`${rank}`, `{[,${rank}`])

test('long texts are read as JSON.parse reads them', async () => {
  const values = [
    { model: { vocab: vocabulary, merges }, after: [[merges, [[[[merges]]]]], long] },
    [long, 1, long],
    { [long]: long, a: [], b: {} },
  ]
  for (const value of values) for (const indent of [0, 1]) await same(JSON.stringify(value, null, indent))
  await same(`{"__proto__": ${JSON.stringify(merges)}, "a": 1, "a": ${JSON.stringify(merges)}, "7": 2}`)
})

test('what is no JSON is none in pieces', async () => {
  const list = JSON.stringify(merges)
  for (const text of [
    '[',
    '{',
    '[1,',
    '[1,]',
    '[,1]',
    '[1 1]',
    '[]',
    '{}',
    '[1}',
    '{"a" 1}',
    '{"a":1,}',
    '{:1}',
    '[1]]',
  ])
    for (const padded of [
      text + blank,
      text[0] + blank + text.slice(1),
      text.slice(0, -1) + blank + text.slice(-1),
    ])
      await same(padded)
  for (const text of [
    `[${list},]`,
    `[${list},,1]`,
    `[${list}}`,
    `{"a":${list},}`,
    `{"a" ${list}}`,
    `{${list}}`,
    `${list}x`,
  ])
    await same(text)
})

test('the event loop goes on', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const list = JSON.stringify(Array.from({ length: 50 }, () => vocabulary))
  await parseInPieces(Buffer.from(list), new Turns(1, undefined))
  clearInterval(timer)
  assert.ok(turns > 3, `${turns} turns`)
})

test('an object of very many members is a map, of which the last of equal keys counts', async () => {
  const members = Array.from({ length: 70_000 }, (_, i) => `"k${i}":${i}`)
  const text = `{${members.join()},"k7":-1,"__proto__":5}`
  const found = await parseInPieces(Buffer.from(text), new Turns(0, undefined))
  assert.instance(found, Map)
  const expected = new Map(Object.entries(JSON.parse(text)))
  const wrong = [...(found as Map<string, unknown>)].filter(([key, value]) => expected.get(key) !== value)
  assert.equal(wrong, [])
  assert.is((found as Map<string, unknown>).size, expected.size)
})

test('such an object is read as any other by the getters of a config', async () => {
  const many = Array.from({ length: 70_000 }, (_, i) => `"k${i}":${i}`).join()
  const config = await configOf('x.json', Buffer.from(`{"vocab":{${many}}}`))
  assert.is(number(object(config, 'vocab'), 'k69999'), 69_999)
  assert.is(new Map(members(config, 'vocab')).get('k7'), 7)
  assert.is(number(await configOf('x.json', Buffer.from(`{${many}}`)), 'k7'), 7)
})

test.run()
