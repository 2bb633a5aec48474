import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../lib/text/index.js'
import { rejects } from '../support/errors.js'

const goldens = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'saccade-tokenizers-'))
let folders = 0

test.after(() => rmSync(root, { recursive: true }))

/** A copy of a golden folder without some files, with some rewritten. */
function copy(name: string, without: string[] = [], written: Record<string, string | Buffer> = {}): string {
  const dir = join(root, `${folders++}`)
  cpSync(join(goldens, name), dir, { recursive: true })
  for (const file of without) rmSync(join(dir, file))
  for (const [file, content] of Object.entries(written)) writeFileSync(join(dir, file), content)
  return dir
}

function config(name: string, changes: Record<string, unknown>): string {
  const settings = JSON.parse(readFileSync(join(goldens, name, 'tokenizer_config.json'), 'utf8'))
  return JSON.stringify({ ...settings, ...changes })
}

interface Golden {
  samples: { text: string; ids: number[]; decoded?: string }[]
}

function golden(name: string): Golden {
  return JSON.parse(readFileSync(join(goldens, name, 'golden.json'), 'utf8')) as Golden
}

for (const name of ['bert-uncased', 'bert-cased', 'gpt2', 'clip', 'bart-florence2', 't5'])
  test(`${name} without its tokenizer.json gives the same`, async () => {
    const tokenizer = await loadTokenizer(copy(name, ['tokenizer.json']))
    for (const { text, ids, decoded } of golden(name).samples) {
      assert.equal(tokenizer.encode(text).inputIds, ids, text)
      if (decoded !== undefined) assert.is(tokenizer.decode(ids), decoded)
    }
  })

test('special tokens may stand in files of their own', async () => {
  const changes = {
    added_tokens_decoder: undefined,
    bos_token: undefined,
    eos_token: undefined,
    pad_token: undefined,
  }
  const dir = copy('clip', [], { 'tokenizer_config.json': config('clip', changes) })
  const tokenizer = await loadTokenizer(dir)
  assert.is(tokenizer.padTokenId, 553)
  for (const { text, ids } of golden('clip').samples) assert.equal(tokenizer.encode(text).inputIds, ids)
})

test('special tokens that no file names come from the class', async () => {
  const unnamed = {
    cls_token: undefined,
    sep_token: undefined,
    pad_token: undefined,
    added_tokens_decoder: undefined,
  }
  const dir = copy('bert-cased', ['special_tokens_map.json'], {
    'tokenizer_config.json': config('bert-cased', unnamed),
  })
  const { clsTokenId, sepTokenId, padTokenId } = await loadTokenizer(dir)
  assert.equal([clsTokenId, sepTokenId, padTokenId], [5, 6, 0])
})

// Values of transformers 5.18.
test('the limit is model_max_length, or the older max_len, or that of the class', async () => {
  const limit = async (name: string, changes: Record<string, unknown>) => {
    const given = config(name, { model_max_length: undefined, ...changes })
    return (await loadTokenizer(copy(name, [], { 'tokenizer_config.json': given }))).modelMaxLength
  }
  assert.is(await limit('bert-cased', {}), Infinity)
  assert.is(await limit('bert-cased', { model_max_length: 1e30 }), Infinity)
  assert.is(await limit('bert-cased', { max_len: 8 }), 8)
  assert.is(await limit('bert-cased', { max_len: 9, model_max_length: 7 }), 7)
  assert.is(await limit('bert-cased', { max_len: 8, model_max_length: null }), Infinity)
  assert.is(await limit('marian', {}), 512)
  assert.is(await limit('marian', { max_len: 8 }), 512)
  assert.is(await limit('marian', { model_max_length: null }), Infinity)
})

test('the class may come from config.json', async () => {
  const dir = copy('bert-cased', ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'], {
    'config.json': '{"model_type":"bert"}',
    'tokenizer_config.json': '{"do_lower_case":false}',
  })
  const tokenizer = await loadTokenizer(dir)
  assert.equal(tokenizer.encode('a small red circle').inputIds, golden('bert-cased').samples[2]!.ids)
})

test('tokenizer_config.json decides on case, also against tokenizer.json', async () => {
  const cased = await loadTokenizer(copy('bert-cased'))
  const changed = { 'tokenizer_config.json': config('bert-cased', { do_lower_case: true }) }
  const lower = await loadTokenizer(copy('bert-cased', [], changed))
  assert.not.equal(cased.encode('THE DOG').inputIds, cased.encode('the dog').inputIds)
  assert.equal(lower.encode('THE DOG').inputIds, cased.encode('the dog').inputIds)
})

test('add_prefix_space of tokenizer_config.json goes before tokenizer.json', async () => {
  const changed = { 'tokenizer_config.json': config('gpt2', { add_prefix_space: true }) }
  const prefixed = await loadTokenizer(copy('gpt2', [], changed))
  const plain = await loadTokenizer(copy('gpt2'))
  assert.equal(prefixed.encode('dog').inputIds, plain.encode(' dog').inputIds)
})

test('added tokens of tokenizer_config.json are found, special or not, and take whitespace along', async () => {
  const settings = JSON.parse(readFileSync(join(goldens, 'marian', 'tokenizer_config.json'), 'utf8'))
  settings.added_tokens_decoder['143'] = { content: '<keep>', lstrip: true, special: false }
  const dir = copy('marian', [], { 'tokenizer_config.json': JSON.stringify(settings) })
  const tokenizer = await loadTokenizer(dir)
  assert.is(tokenizer.size, 144)
  const { inputIds } = tokenizer.encode('small   <keep>red')
  assert.is(inputIds[1], 143)
  assert.equal(tokenizer.decode(inputIds, { skipSpecialTokens: true }), 'small <keep> red')
})

async function refused(dir: string): Promise<{ code: string; message: string }> {
  try {
    await loadTokenizer(dir)
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('expected an error')
}

test('M2M100: its files may leave the languages open', async () => {
  const changed = (changes: Record<string, unknown>) =>
    loadTokenizer(copy('m2m100', [], { 'tokenizer_config.json': config('m2m100', changes) }))
  const open = await changed({ src_lang: null, tgt_lang: null, num_madeup_words: undefined })
  assert.equal(open.encode('').inputIds, [139, 2])
  assert.is(open.size, 229)
  assert.equal(open.encodeTarget('', { language: 'ru' }).inputIds, [194, 2])
  // 225 is a made-up word, which has no token.
  assert.is(open.decode([139, 3, 225], { skipSpecialTokens: true }), '__en__<unk>')
  const noTarget = /language: expected the code of one of the model's languages, got undefined/
  assert.throws(() => open.encodeTarget(''), noTarget)
  const german = await changed({ language_codes: 'wmt21', src_lang: 'de' })
  assert.equal(german.encode('').inputIds, [128, 2])
  await rejects(() => changed({ language_codes: 'wmt22' }), 'TOKENIZER_INVALID', /language_codes.*wmt21/)
  await rejects(() => changed({ num_madeup_words: 1e9 }), 'LIMIT_EXCEEDED', /vocabulary/)
  await rejects(() => loadTokenizer(copy('m2m100', ['vocab.json'])), 'FILE_NOT_FOUND', /vocab\.json/)
  const bert = await loadTokenizer(join(goldens, 'bert-cased'))
  assert.is(bert.languageTokenId('ru'), undefined)
  await rejects(() => bert.encode('a', { language: 'ru' }), 'OPTION_INVALID', /language: expected none/)
  await rejects(() => open.encode('a', { language: 5 as never }), 'OPTION_INVALID', /language.*a string/)
})

test('missing folders and files are named', async () => {
  const missing: [string, RegExp][] = [
    [join(root, 'nowhere'), /there is no model folder .*nowhere/],
    [copy('marian', ['target.spm']), /target\.spm does not exist/],
    [copy('marian', ['source.spm']), /source\.spm does not exist/],
    [copy('marian', ['vocab.json']), /vocab\.json does not exist/],
    [copy('gpt2', ['tokenizer.json', 'vocab.json']), /vocab\.json does not exist/],
    [copy('gpt2', ['tokenizer.json', 'merges.txt']), /expected tokenizer\.json, .*got no tokenizer/],
    [copy('siglip', ['spiece.model']), /no tokenizer/],
  ]
  for (const [dir, message] of missing) {
    const error = await refused(dir)
    assert.is(error.code, 'FILE_NOT_FOUND', error.message)
    assert.match(error.message, message)
  }
})

test('broken files are named with what is wrong', async () => {
  const spm = readFileSync(join(goldens, 'marian', 'source.spm'))
  const broken: [string, RegExp][] = [
    [
      copy('bert-cased', [], { 'tokenizer.json': '{"model":' }),
      /tokenizer\.json, line 1, column 10: not JSON/,
    ],
    [copy('bert-cased', [], { 'tokenizer.json': '[]' }), /tokenizer\.json: expected an object/],
    [
      copy('bert-cased', [], { 'tokenizer_config.json': 'x' }),
      /tokenizer_config\.json, line 1, column 1: not JSON/,
    ],
    ...['"x"', '8.5', '0', '-3', 'true', '[8]'].flatMap((value): [string, RegExp][] => [
      [
        copy('bert-cased', [], { 'tokenizer_config.json': `{"model_max_length":${value}}` }),
        /model_max_length/,
      ],
      [copy('bert-cased', [], { 'tokenizer_config.json': `{"max_len":${value}}` }), /max_len/],
    ]),
    [
      copy('bert-cased', [], { 'tokenizer_config.json': '{"padding_side":"up"}' }),
      /padding_side": .*'left', 'right'/,
    ],
    [copy('bert-cased', ['tokenizer.json'], { 'vocab.txt': 'a\nb\n' }), /vocab\.txt: .*\[CLS\]/],
    [
      copy('gpt2', ['tokenizer.json'], { 'merges.txt': '#version: 0.2\na b c\n' }),
      /merges\.txt, line 2: expected two tokens/,
    ],
    [
      copy('gpt2', ['tokenizer.json'], { 'merges.txt': '#version: 0.2\nq zz\n' }),
      /'zz' is not in the vocabulary/,
    ],
    [copy('marian', [], { 'source.spm': spm.subarray(0, 1000) }), /source\.spm/],
    [copy('marian', [], { 'target.spm': 'not a model' }), /target\.spm/],
    [copy('marian', [], { 'vocab.json': '{"a":0}' }), /vocab\.json: '<unk>' is not in the vocabulary/],
    [copy('marian', [], { 'vocab.json': '{"a":"0"}' }), /vocab\.json, "a": expected a token id/],
    [copy('siglip', [], { 'spiece.model': Buffer.alloc(64, 0xff) }), /spiece\.model/],
    [
      copy('gpt2', ['tokenizer.json'], {
        'tokenizer_config.json': config('gpt2', { tokenizer_class: 'XTokenizer' }),
      }),
      /XTokenizer/,
    ],
  ]
  for (const [dir, message] of broken) {
    const error = await refused(dir)
    assert.is(error.code, 'TOKENIZER_INVALID', error.message)
    assert.match(error.message, message)
  }
})

test.run()
