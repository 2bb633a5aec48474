import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inputOf } from '../../scripts/fuzz/mutate.mjs'

const bytes = (text: string) => new TextEncoder().encode(text)
const target = { seeds: ['{"a": {"b": [1, 2]}, "c": "text"}', '[{"d": {}}, [[]]]'].map(bytes), jsonFrom: 0 }
const inputs = 5000

// The parent makes the input of a child that died: another one would be kept, and the failure be lost. Values that mutations
// inserted were once shared among inputs: later ones changed them, and put them into themselves.
test('an input follows from its seed and index alone, whatever was made before', () => {
  const input = (index: number) => Buffer.from(inputOf(target, 7, index)).toString('latin1')
  const indices = Array.from({ length: inputs }, (_, index) => index)
  const forward = indices.map(input)
  const backward = indices.toReversed().map(input).toReversed()
  assert.is(
    indices.findIndex((index) => forward[index] !== backward[index]),
    -1,
  )
})

test('most inputs of a target of JSON are JSON, but for the constants of Python', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text.replaceAll(/-?\b(?:NaN|Infinity)\b/g, '0'))
      return true
    } catch {
      return false
    }
  }
  const texts = Array.from({ length: inputs }, (_, index) =>
    Buffer.from(inputOf(target, 7, index)).toString(),
  )
  assert.ok(texts.filter(isJson).length > inputs / 2)
  assert.ok(new Set(texts).size > inputs / 2)
})

test.run()
