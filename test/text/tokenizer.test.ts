import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { readConfig } from '../../lib/files/config.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { jsonTokenizer } from '../../lib/text/kinds/json-tokenizer.js'
import { readSettings } from '../../lib/text/settings.js'
import { Tokenizer } from '../../lib/text/tokenizer.js'
import { truncate } from '../../lib/text/truncation.js'
import { throws } from '../weights/build.js'

const goldens = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))
const load = (name: string) => loadTokenizer(join(goldens, name))

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

test('wrong options and inputs have their codes', async () => {
  const bert = await load('bert-cased')
  const gpt2 = await load('gpt2')
  const any = (value: unknown) => value as never
  assert.is(
    codeOf(() => bert.encode('a', any({ max_length: 3 }))),
    'OPTION_UNKNOWN',
  )
  assert.is(
    codeOf(() => bert.call(['a'], any({ pad: true }))),
    'OPTION_UNKNOWN',
  )
  assert.is(
    codeOf(() => bert.decode([1], any({ skip: true }))),
    'OPTION_UNKNOWN',
  )
  assert.is(
    codeOf(() => bert.encode('a', { truncation: true, maxLength: -1 })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.encode('a', { truncation: true, maxLength: 1 })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.encode('a', { truncation: any('some') })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.encode('a b c', { pair: 'a', truncation: 'only_second', maxLength: 4 })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.call(['a'], { padding: any('short') })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.call(['a', 'b'], { textPair: ['a'] })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => gpt2.call(['a'], { padding: true })),
    'OPTION_INVALID',
  )
  assert.is(
    codeOf(() => bert.call([])),
    'EMPTY_BATCH',
  )
  assert.is(
    codeOf(() => bert.call(any('text'))),
    'INPUT_INVALID',
  )
  assert.is(
    codeOf(() => bert.encode(any(undefined))),
    'INPUT_INVALID',
  )
  assert.is(
    codeOf(() => bert.encode('a', { pair: any(3) })),
    'INPUT_INVALID',
  )
})

test('arguments of any type give a result or an error with a code', async () => {
  const bert = await load('bert-cased')
  const values = [
    undefined,
    null,
    0,
    Number.NaN,
    true,
    '',
    'a',
    [],
    [null],
    {},
    Symbol('a'),
    1n,
    () => 0,
    new Map(),
  ]
  const calls: ((value: never) => unknown)[] = [
    (value) => bert.encode(value),
    (value) => bert.encode('a', value),
    (value) => bert.encode('a', { pair: value }),
    (value) => bert.encode('a', { truncation: value }),
    (value) => bert.encode('a', { maxLength: value, truncation: true }),
    (value) => bert.encode('a', { addSpecialTokens: value }),
    (value) => bert.encodeTarget(value),
    (value) => bert.call(value),
    (value) => bert.call([value]),
    (value) => bert.call(['a'], value),
    (value) => bert.call(['a'], { padding: value }),
    (value) => bert.call(['a'], { textPair: value }),
    (value) => bert.call(['a'], { textPair: [value] }),
    (value) => bert.decode(value),
    (value) => bert.decode([value]),
    (value) => bert.decode([1], value),
    (value) => bert.decode([1], { skipSpecialTokens: value }),
    (value) => bert.batchDecode(value),
    (value) => bert.batchDecode([value]),
    (value) => bert.pad(value),
    (value) => bert.pad([], value),
    (value) => bert.tokenToId(value),
    (value) => bert.idToToken(value),
    (value) => bert.isSpecial(value),
    (value) => loadTokenizer(value),
    (value) => loadTokenizer('.', value),
  ]
  for (const [index, call] of calls.entries())
    for (const value of values)
      try {
        await call(value as never)
      } catch (error) {
        assert.instance(error, SaccadeError, `call ${index} with ${typeof value}: ${String(error)}`)
        assert.is.not((error as SaccadeError).code, 'INTERNAL')
      }
})

test('a bad text of a batch is named', async () => {
  const bert = await load('bert-cased')
  assert.throws(
    () => bert.call(['a', 'b', null as never]),
    (error: Error) => /text 2: .*expected a string, got null/.test(error.message),
  )
})

test('the limit of the model is known, applied only when asked for, and counts special tokens', async () => {
  const clip = await load('clip')
  const long = 'a small red circle '.repeat(20)
  assert.is(clip.modelMaxLength, 16)
  assert.ok(clip.encode(long).inputIds.length > 16)
  assert.is(clip.encode(long, { truncation: true }).inputIds.length, 16)
  assert.is(clip.encode(long, { truncation: true }).inputIds.at(-1), clip.eosTokenId)
  assert.is((await load('bert-cased')).modelMaxLength, Infinity)
  assert.is((await load('bert-cased')).encode(long, { truncation: true }).inputIds.length, 262)
})

test('padding: to the longest, to a length, on the left', async () => {
  const bert = await load('bert-cased')
  const texts = ['a', 'a small red circle']
  const longest = bert.call(texts, { padding: true })
  assert.equal(
    longest.inputIds.map((row) => row.length),
    [15, 15],
  )
  assert.equal(longest.attentionMask[0], [1, 1, 1, ...new Array<number>(12).fill(0)])
  assert.is(bert.call(texts, { padding: 'max_length', maxLength: 20 }).inputIds[1]!.length, 20)
  assert.equal(
    bert.call(texts, { padding: 'max_length' }).inputIds.map((row) => row.length),
    [3, 15],
  )
  assert.equal(
    bert.call(texts).inputIds.map((row) => row.length),
    [3, 15],
  )
  const settings = { ...(await readSettings(join(goldens, 'bert-cased'))), paddingSide: 'left' as const }
  const core = {
    id: () => 0,
    ids: () => [7],
    added: () => 0,
    assemble: () => ({ ids: [7, 8], typeIds: [0, 1] }),
  }
  const left = new Tokenizer(core as never, settings)
  const batch = left.call(['x'], { padding: 'max_length', maxLength: 4 })
  assert.equal(batch, {
    inputIds: [[0, 0, 7, 8]],
    tokenTypeIds: [[0, 0, 0, 1]],
    attentionMask: [[0, 0, 1, 1]],
  })
})

test('pairs: segments, and an empty second text', async () => {
  const bert = await load('bert-cased')
  const pair = bert.encode('a', { pair: 'red' })
  assert.equal(pair.tokenTypeIds, [0, 0, 0, 1, 1, 1])
  assert.equal(bert.encode('a', { pair: '' }), bert.encode('a'))
  assert.equal(bert.call(['a'], { textPair: [''] }).inputIds[0], [
    ...bert.encode('a').inputIds,
    bert.sepTokenId,
  ])
})

test('truncation of pairs', () => {
  const first = [1, 2, 3, 4, 5]
  const second = [6, 7, 8]
  const cut = (
    max: number,
    ...rest: ['longest_first' | 'only_first' | 'only_second', 'left' | 'right', 'even' | 'first']
  ) => truncate(first, second, max, ...rest)
  assert.equal(cut(8, 'longest_first', 'right', 'even'), [first, second])
  assert.equal(cut(6, 'longest_first', 'right', 'even'), [[1, 2, 3], second])
  assert.equal(cut(5, 'longest_first', 'right', 'even'), [
    [1, 2, 3],
    [6, 7],
  ])
  assert.equal(cut(4, 'longest_first', 'left', 'even'), [
    [4, 5],
    [7, 8],
  ])
  assert.equal(truncate([1, 2], [3, 4], 3, 'longest_first', 'right', 'even'), [[1], [3, 4]])
  assert.equal(truncate([1, 2], [3, 4], 3, 'longest_first', 'right', 'first'), [[1, 2], [3]])
  assert.equal(cut(6, 'only_first', 'right', 'even'), [[1, 2, 3], second])
  assert.equal(cut(6, 'only_second', 'left', 'even'), [first, [8]])
  assert.is(cut(3, 'only_first', 'right', 'even'), undefined)
  assert.equal(truncate(first, undefined, 2, 'longest_first', 'left', 'even'), [[4, 5], undefined])
})

// Values of transformers 5.18: of two longer texts, words behind the limit do not count.
test('truncation of a pair of long texts keeps the tokens that the reference keeps', async () => {
  const text = 'a small red circle and a big blue square above a small green circle'
  const pair = 'a blue square under a red circle and more'
  const right = await load('bert-uncased')
  const left = new Tokenizer(
    await jsonTokenizer(await readConfig(join(goldens, 'bert-uncased'), 'tokenizer.json'), await settings()),
    { ...(await settings()), truncationSide: 'left' },
  )
  const cut = (tokenizer: Tokenizer, maxLength: number) =>
    tokenizer.encode(text, { pair, truncation: true, maxLength }).inputIds
  assert.equal(cut(right, 3), [5, 6, 6])
  assert.equal(cut(right, 6), [5, 28, 6, 28, 29, 6])
  assert.equal(cut(right, 10), [5, 28, 44, 70, 6, 28, 29, 69, 78, 6])
  assert.equal(cut(left, 6), [5, 114, 6, 75, 64, 6])
  assert.equal(cut(left, 10), [5, 64, 71, 114, 6, 38, 72, 75, 64, 6])
  const { tokenTypeIds } = right.encode(text, { pair, truncation: 'only_first', maxLength: 3 })
  assert.equal(tokenTypeIds, [0, 0, 1])
})

function settings() {
  return readSettings(join(goldens, 'bert-uncased'))
}

test('token types are left out where they are no input of the model', async () => {
  const marian = await load('marian')
  assert.equal(Object.keys(marian.encode('a', { pair: 'b' })), ['inputIds', 'attentionMask'])
  const batch = marian.call(['a', 'a a'], { padding: true })
  assert.equal(Object.keys(batch), ['inputIds', 'attentionMask'])
  const bert = await load('bert-uncased')
  throws(() => bert.pad([marian.encode('a')]), 'INPUT_INVALID', 'pad: rows')
  throws(() => marian.pad([bert.encode('a')]), 'INPUT_INVALID', 'pad: rows')
})

test('lone surrogates, which have no UTF-8, count as U+FFFD', async () => {
  for (const name of ['bert-cased', 'gpt2', 'clip', 't5', 'marian', 'siglip']) {
    const tokenizer = await load(name)
    assert.equal(tokenizer.encode('a \ud800 b \udc00'), tokenizer.encode('a \ufffd b \ufffd'), name)
  }
})

test('ids may be bigints and typed arrays', async () => {
  const gpt2 = await load('gpt2')
  const { inputIds } = gpt2.encode('a small red circle')
  assert.is(gpt2.decode(BigInt64Array.from(inputIds, BigInt)), 'a small red circle')
  assert.equal(gpt2.batchDecode([Int32Array.from(inputIds)]), ['a small red circle'])
})

test('ten thousand words take linear time', async () => {
  const words = "the small red circle, near 3 bridges! isn't маленький красный круг naïve 你好".split(' ')
  const text = (count: number) =>
    Array.from({ length: count }, (_, i) => words[i % words.length]! + (i % 7)).join(' ')
  for (const name of ['bert-cased', 'gpt2', 'clip', 't5', 'marian', 'siglip']) {
    const tokenizer = await load(name)
    const secondsFor = (input: string): number => {
      const start = performance.now()
      tokenizer.decode(tokenizer.encode(input).inputIds)
      return (performance.now() - start) / 1000
    }
    secondsFor(text(1000))
    // Quadratic time would take minutes here; the bound leaves room for a busy machine.
    for (const input of [
      text(20_000),
      'a'.repeat(60_000),
      'кот'.repeat(20_000),
      ' '.repeat(60_000),
      '</s>'.repeat(9000),
    ])
      assert.ok(secondsFor(input) < 5, `${name}: ${input.slice(0, 20)}`)
  }
})

test.run()
