import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { getLimits, setLimits } from '../../lib/limits.js'
import { loadTokenizer } from '../../lib/text/index.js'

const root = mkdtempSync(join(tmpdir(), 'saccade-hostile-'))
test.after(() => rmSync(root, { recursive: true }))

const words = { type: 'WordLevel', vocab: { '[UNK]': 0, a: 1, b: 2 }, unk_token: '[UNK]' }
const repeat = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
const long = 'a'.repeat(200_000)

/** The ids of a text by a tokenizer.json, or the code of the error. Each took minutes or gigabytes, or ended the process. */
async function encode(json: unknown, text: string): Promise<number[] | string> {
  const dir = mkdtempSync(join(root, 'tokenizer-'))
  writeFileSync(join(dir, 'tokenizer.json'), typeof json === 'string' ? json : JSON.stringify(json))
  const started = performance.now()
  try {
    return (await loadTokenizer(dir)).encode(text).inputIds
  } catch (error) {
    assert.instance(error, SaccadeError, String(error))
    return (error as SaccadeError).code
  } finally {
    assert.ok(performance.now() - started < 20_000, 'takes too long')
  }
}

function nested(type: string, depth: number): string {
  const open = `{"type":"Sequence","${type}":[`
  return `${open.repeat(depth)}{"type":"NFC"}${']}'.repeat(depth)}`
}

test('patterns that backtrack give their answer', async () => {
  const split = (pattern: string) => ({
    model: words,
    pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: false },
  })
  assert.equal(await encode(split('(a+)+$'), `${'a'.repeat(50)}b`), [0])
  assert.equal(await encode(split('(a+)+$'), `${long}b`), [0])
  assert.equal(await encode(split('(?:a|a){40}c'), long), 'LIMIT_EXCEEDED')
  const replace = {
    model: words,
    normalizer: { type: 'Replace', pattern: { Regex: '(?:a?){25}a{25}b' }, content: '' },
  }
  assert.equal(await encode(replace, 'a'.repeat(24)), 'LIMIT_EXCEEDED')
})

test('texts and templates do not grow without bound', async () => {
  const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
  const item = { Sequence: { id: 'A', type_id: 0 } }
  const special = { SpecialToken: { id: 'x', type_id: 0 } }
  const template = (single: unknown[], tokens = {}) => ({
    model: words,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: { type: 'TemplateProcessing', single, pair: [], special_tokens: tokens },
  })
  const grown: [unknown, string][] = [
    [{ model: words, normalizer: { type: 'Sequence', normalizers: repeat(40, doubling) } }, 'a'],
    [{ model: words, normalizer: { type: 'Sequence', normalizers: repeat(40, { type: 'ByteLevel' }) } }, 'é'],
    [
      {
        model: words,
        normalizer: { type: 'Replace', pattern: { Regex: 'a' }, content: 'b'.repeat(100_000) },
      },
      long,
    ],
    [
      {
        model: words,
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: repeat(40, { type: 'ByteLevel', add_prefix_space: true, use_regex: false }),
        },
      },
      'é',
    ],
    [template(repeat(1_000, item)), 'a '.repeat(2000)],
    // Parts without a token are bounded, too.
    [template(repeat(1_001, special), { x: { ids: [] } }), ''],
    [template(repeat(1000, special), { x: { ids: repeat(10_000, 1) } }), 'a'],
  ]
  for (const [json, text] of grown)
    assert.is(await encode(json, text), 'LIMIT_EXCEEDED', JSON.stringify(json).slice(0, 150))
  // What grows within the limit is right.
  const some = { model: words, normalizer: { type: 'Sequence', normalizers: repeat(4, doubling) } }
  assert.equal(await encode(some, 'b'), [2])
})

test('long words and runs take linear time', async () => {
  const piece = { '[UNK]': 0, a: 1, '##a': 2 }
  const wordPiece = { type: 'WordPiece', vocab: piece, unk_token: '[UNK]', continuing_subword_prefix: '##' }
  const noLimit = { model: { ...wordPiece, max_input_chars_per_word: 2 ** 31 - 1 } }
  assert.equal(await encode(noLimit, long), [1, ...repeat(long.length - 1, 2)])
  assert.equal(await encode(noLimit, `${long}b`), [0])
  assert.equal(await encode({ model: wordPiece }, long), [0])
  const bpe = { type: 'BPE', vocab: { a: 0, aa: 1, aaaa: 2 }, merges: ['a a', 'aa aa'] }
  assert.equal(await encode({ model: bpe }, long), repeat(long.length / 4, 2))
  const bytes = Array.from({ length: 256 }, (_, byte): [string, number] => [
    `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    -1,
  ])
  const unigram = { type: 'Unigram', unk_id: 0, byte_fallback: true, vocab: [['<unk>', 0], ...bytes] }
  assert.equal(await encode({ model: unigram }, 'é'.repeat(200_000)), repeat(200_000, [0xc4, 0xaa]).flat())
  const deep = Array.from({ length: 250 }, (_, index) => ({
    id: index + 3,
    content: `${'a'.repeat(index + 1)}b`,
  }))
  assert.equal(await encode({ model: words, added_tokens: deep }, long), [0])
})

test('what a file has too much of, or not, is refused', async () => {
  const model = JSON.stringify(words)
  const refused: [unknown, string][] = [
    [`{"model":${model},"normalizer":${nested('normalizers', 40)}}`, 'LIMIT_EXCEEDED'],
    [`{"model":${model},"normalizer":${nested('normalizers', 10_000)}}`, 'TOKENIZER_INVALID'],
    [`{"model":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'TOKENIZER_INVALID'],
    [`{"model":${'['.repeat(100_000)}`, 'TOKENIZER_INVALID'],
    [{ model: { ...words, vocab: { '[UNK]': 0, a: 2 ** 31 - 1 } } }, 'LIMIT_EXCEEDED'],
    [{ model: words, added_tokens: [{ id: 3, content: long }] }, 'LIMIT_EXCEEDED'],
    [{ model: { ...words, vocab: { '[UNK]': 0, a: -1 } } }, 'TOKENIZER_INVALID'],
    [{ model: { ...words, vocab: null } }, 'TOKENIZER_INVALID'],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [['a', 'a']] } }, 'TOKENIZER_INVALID'],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [['a']] } }, 'TOKENIZER_INVALID'],
    [{ model: words, pre_tokenizer: { type: 'Metaspace', replacement: 'xxx' } }, 'TOKENIZER_INVALID'],
    [{}, 'TOKENIZER_INVALID'],
  ]
  for (const [json, code] of refused)
    assert.is(await encode(json, 'a'), code, JSON.stringify(json).slice(0, 150))
})

test('padding is bounded, and the limits can be changed', async () => {
  const dir = mkdtempSync(join(root, 'tokenizer-'))
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify({ model: words }))
  writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify({ pad_token: 'b', model_max_length: 1e9 }))
  const tokenizer = await loadTokenizer(dir)
  const padded = (maxLength?: number) => {
    try {
      return tokenizer.call(['a'], { padding: 'max_length', ...(maxLength && { maxLength }) }).inputIds[0]!
        .length
    } catch (error) {
      return (error as SaccadeError).code
    }
  }
  assert.is(padded(), 'LIMIT_EXCEEDED')
  assert.is(padded(2 ** 40), 'LIMIT_EXCEEDED')
  assert.is(padded(100), 100)
  const { paddedTokens } = getLimits()
  setLimits({ paddedTokens: 50 })
  try {
    assert.is(padded(100), 'LIMIT_EXCEEDED')
  } finally {
    setLimits({ paddedTokens })
  }
})

test.run()
