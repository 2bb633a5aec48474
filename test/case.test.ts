import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { camelCase, type SnakeCase, snakeCase } from '../lib/case.js'

test('names go from one case to the other and back', () => {
  for (const [camel, snake] of [
    ['inputIds', 'input_ids'],
    ['noRepeatNgramSize', 'no_repeat_ngram_size'],
    ['logits', 'logits'],
    ['', ''],
  ] as const) {
    assert.is(snakeCase(camel), snake)
    assert.is(camelCase(snake), camel)
  }
})

test('the type of a name follows', () => {
  const name: SnakeCase<'maxNewTokens'> = 'max_new_tokens'
  assert.is(name, snakeCase('maxNewTokens'))
})

test.run()
