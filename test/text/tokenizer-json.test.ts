import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeConfig } from '../../lib/files/config.js'
import { TokenizerJson } from '../../lib/text/tokenizer-json/tokenizer-json.js'

/** Tokenizers of every component, made and run by the Rust library tokenizers 0.22.2. */
interface Reference {
  name: string
  tokenizer: Record<string, unknown>
  /** text, ids, decoded, decoded without special tokens */
  samples: [string, number[], string, string][]
  /** two texts, ids, segments */
  pairs: [string, string, number[], number[]][]
  /** ids, decoded, decoded without special tokens */
  decodes: [number[], string, string][]
}

const path = new URL('../data/text/tokenizer-json.json', import.meta.url)
const references = JSON.parse(readFileSync(path, 'utf8')) as Reference[]

test('there are references', () => assert.is(references.length, 22))

for (const { name, tokenizer, samples, pairs, decodes } of references) {
  const core = await TokenizerJson.read(makeConfig('tokenizer.json', tokenizer, 'TOKENIZER_INVALID'))

  test(`${name}: texts`, () => {
    for (const [text, ids, decoded, plain] of samples) {
      assert.equal(core.assemble(core.ids(text), undefined, true).ids, ids, text)
      assert.is(core.decode(ids, false), decoded)
      assert.is(core.decode(ids, true), plain)
    }
  })

  test(`${name}: pairs`, () => {
    for (const [first, second, ids, typeIds] of pairs)
      assert.equal(core.assemble(core.ids(first), core.ids(second), true), { ids, typeIds })
  })

  test(`${name}: any ids decode`, () => {
    for (const [ids, decoded, plain] of decodes) {
      assert.is(core.decode(ids, false), decoded)
      assert.is(core.decode(ids, true), plain)
    }
  })
}

const small = {
  model: { type: 'WordLevel', vocab: { '<unk>': 0, a: 1 }, unk_token: '<unk>' },
  pre_tokenizer: { type: 'Whitespace' },
}

function load(changes: Record<string, unknown>): Promise<TokenizerJson> {
  return TokenizerJson.read(makeConfig('x/tokenizer.json', { ...small, ...changes }, 'TOKENIZER_INVALID'))
}

test('faults are named with their location', async () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ model: undefined }, /x\/tokenizer\.json, "model": expected an object, got undefined/],
    [{ model: { type: 'Magic' } }, /"model\.type": expected a known model, got 'Magic'/],
    [{ model: { ...small.model, vocab: { a: -1 } } }, /"model\.vocab\.a": expected a token id/],
    [{ model: { ...small.model, vocab: { a: 2 ** 40 } } }, /model\.vocab\.a/],
    [{ model: { ...small.model, unk_token: '?' } }, /'\?' is not in the vocabulary/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a b'] } }, /merge 0: 'b' is not in the vocabulary/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a'] } }, /"model\.merges\.0": expected two tokens/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [], dropout: 0.1 } }, /dropout/],
    [{ model: { type: 'Unigram', vocab: [['a', 0]], unk_id: 4 } }, /unk_id/],
    [{ model: { type: 'Unigram', vocab: ['a'] } }, /"model\.vocab\.0": expected a pair/],
    [{ normalizer: { type: 'Upper' } }, /"normalizer\.type": expected a known normalizer/],
    [{ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, /precompiled_charsmap.*trie/],
    [{ normalizer: { type: 'Sequence', normalizers: [{ type: 'Strip' }] } }, /normalizers\.0\.strip_left/],
    [{ normalizer: { type: 'Replace', pattern: { Regex: '[' }, content: '' } }, /pattern/],
    [{ pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior: 'Kept' } }, /behavior.*Isolated/],
    [{ pre_tokenizer: { type: 'FixedLength', length: 0 } }, /length/],
    [{ pre_tokenizer: 'Whitespace' }, /pre_tokenizer/],
    [{ post_processor: { type: 'BertProcessing', cls: ['a'], sep: ['a', 1] } }, /cls": expected a pair/],
    [{ decoder: { type: 'Rot13' } }, /decoder\.type/],
    [{ added_tokens: [{ id: 'x', content: 'b' }] }, /added_tokens\.0\.id/],
  ]
  for (const [changes, message] of wrong) {
    try {
      await load(changes)
      assert.unreachable(String(message))
    } catch (error) {
      assert.is((error as { code: string }).code, 'TOKENIZER_INVALID', String(error))
      assert.match((error as Error).message, message)
    }
  }
})

test('names of object members are only names', async () => {
  const core = await load({
    model: { ...small.model, vocab: JSON.parse('{"<unk>":0,"__proto__":1,"constructor":2}') },
  })
  assert.equal(core.ids('__proto__ constructor toString'), [1, 2, 0])
  assert.is(core.id('hasOwnProperty'), undefined)
})

test('an unknown token that is declared but missing matters only where it is needed', async () => {
  const model = { type: 'BPE', vocab: { a: 0 }, merges: [], unk_token: '?' }
  const core = await load({ model })
  assert.equal(core.ids('aa'), [0, 0])
  assert.throws(() => core.ids('ab'), /not in the vocabulary/)
  assert.equal((await load({ model: { ...model, unk_token: null } })).ids('ab'), [0])
})

test.run()
