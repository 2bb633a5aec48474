import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type JsonValue, lineAndColumn, parseJson } from '../../lib/files/json.js'
import { mutate, randomFrom } from '../support/mutate.js'

class Fault extends Error {
  readonly at: number
  constructor(problem: string, at: number) {
    super(problem)
    this.at = at
  }
}
const fail = (problem: string, at: number): never => {
  throw new Fault(problem, at)
}
const parse = (text: string) => plain(parseJson(text, { fail }))

/** Maps as objects, to compare with what JSON.parse gives. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return Array.isArray(value) ? value.map(plain) : value
}

function faultOf(text: string): Fault | undefined {
  try {
    parse(text)
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

const texts = [
  'null',
  ' true ',
  '[false, 0, -0, 12, -3.5, 1e3, 1E-2, 2.5e+1]',
  '{}',
  '[]',
  '""',
  '{"a": [1, {"b": null}], "c\\n\\t\\"\\\\\\/\\b\\f\\r\\u00e9\\ud83d\\ude00": "\u007f\u0085é😀"}',
  '\t{\r\n"__proto__": {"x": 1}, "1": 2, "a": 1, "a": 2}\n',
]

test('agrees with JSON.parse on what is JSON', () => {
  for (const text of texts) assert.equal(parse(text), JSON.parse(text), text)
})

test('says where the fault is', () => {
  const faults: [string, number, string][] = [
    ['', 0, 'the end of the text'],
    ['{"a": 1,}', 8, 'expected a key'],
    ['{"a" 1}', 5, "expected ':'"],
    ['[1 2]', 3, "expected ',' or ']'"],
    ['{"a": 1 "b"}', 8, "expected ',' or '}'"],
    ['nul', 0, 'expected a value'],
    ['NaN', 0, 'expected a value, got "N"'],
    ['-', 0, 'expected a value'],
    ['01', 1, 'after the end'],
    ['1.', 1, 'after the end'],
    ['"a', 2, 'closing quote'],
    ['"a\tb"', 2, 'control character'],
    ['"\\x"', 1, 'unknown escape'],
    ['"\\u12g4"', 1, 'four hexadecimal'],
    ["{'a': 1}", 1, 'expected a key in double quotes'],
    ['[1] // comment', 4, 'after the end'],
  ]
  for (const [text, at, problem] of faults) {
    const fault = faultOf(text)
    assert.is(fault?.at, at, text)
    assert.ok(fault?.message.includes(problem), fault?.message)
  }
})

test('agrees with JSON.parse on what is not JSON', () => {
  const random = randomFrom(3)
  let faults = 0
  for (let round = 0; round < 3000; round++) {
    const text = mutate(Buffer.from(texts[round % texts.length]!), random).toString()
    const fault = faultOf(text)
    let valid = true
    try {
      JSON.parse(text)
    } catch {
      valid = false
    }
    // Half a surrogate pair, which JSON.parse lets through, is the one thing we do not.
    if (fault?.message.includes('surrogate')) continue
    assert.is(fault === undefined, valid, JSON.stringify(text))
    if (!valid) faults++
  }
  assert.ok(faults > 1000)
})

test('lines and columns count from one', () => {
  assert.equal(lineAndColumn('abc', 0), { line: 1, column: 1 })
  assert.equal(lineAndColumn('a\nbc', 3), { line: 2, column: 2 })
  assert.equal(lineAndColumn('a\n', 2), { line: 2, column: 1 })
})

test.run()
