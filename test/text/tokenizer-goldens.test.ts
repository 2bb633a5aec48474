import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { roles } from '../../lib/text/class-defaults.js'
import { loadTokenizer } from '../../lib/text/index.js'

interface Golden {
  size: number
  special_tokens: Record<string, string>
  samples: {
    text: string
    ids: number[]
    ids_without_special?: number[]
    decoded?: string
    decoded_without_special?: string
  }[]
  padded: {
    texts: string[]
    padding: 'max_length' | false
    max_length: number
    input_ids: number[][]
    attention_mask?: number[][]
    token_type_ids?: number[][]
  }
  pair?: Pair
  pair_truncated?: Pair & { truncation: 'longest_first'; max_length: number }
  targets?: { tgt_lang?: string; texts: string[]; ids: number[][] }
  other_source_language?: { src_lang: string; texts: string[]; ids: number[][] }
  language_ids?: Record<string, number>
}

interface Pair {
  texts: [string, string]
  input_ids: number[]
  token_type_ids?: number[]
  attention_mask: number[]
}

const root = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))
const names = readdirSync(root).sort()

test('all kinds are there', () => {
  assert.equal(names, [
    ...['bart', 'bart-florence2', 'bert-cased', 'bert-uncased', 'clip', 'gpt2', 'm2m100', 'marian'],
    ...['minilm-baked', 'modernbert', 'mpnet', 'nllb', 'nllb-legacy', 'roberta', 'roberta-prefix-space'],
    ...['siglip', 't5', 'xlm-roberta'],
  ])
})

for (const name of names) {
  const dir = join(root, name)
  const golden = JSON.parse(readFileSync(join(dir, 'golden.json'), 'utf8')) as Golden

  test(`${name}: ids and text of every sample`, async () => {
    const tokenizer = await loadTokenizer(dir)
    for (const sample of golden.samples) {
      const { inputIds, attentionMask, tokenTypeIds } = tokenizer.encode(sample.text)
      assert.equal(inputIds, sample.ids, sample.text)
      assert.equal(
        attentionMask,
        sample.ids.map(() => 1),
      )
      const hasTypes = tokenizer.modelInputNames.includes('token_type_ids')
      assert.equal(tokenTypeIds, hasTypes ? sample.ids.map(() => 0) : undefined)
      if (sample.ids_without_special)
        assert.equal(
          tokenizer.encode(sample.text, { addSpecialTokens: false }).inputIds,
          sample.ids_without_special,
        )
      if (sample.decoded !== undefined) assert.is(tokenizer.decode(sample.ids), sample.decoded)
      if (sample.decoded_without_special !== undefined)
        assert.is(tokenizer.decode(sample.ids, { skipSpecialTokens: true }), sample.decoded_without_special)
    }
  })

  test(`${name}: a padded and truncated batch`, async () => {
    const tokenizer = await loadTokenizer(dir)
    const { texts, padding, max_length: maxLength, ...expected } = golden.padded
    const batch = tokenizer.call(texts, { padding, truncation: true, maxLength })
    assert.equal(batch.inputIds, expected.input_ids)
    if (expected.attention_mask) assert.equal(batch.attentionMask, expected.attention_mask)
    assert.equal(batch.tokenTypeIds, expected.token_type_ids)
  })

  test(`${name}: size and special tokens`, async () => {
    const tokenizer = await loadTokenizer(dir)
    assert.is(tokenizer.size, golden.size)
    const tokens = Object.entries(tokenizer.specialTokens).map(([role, token]) => [`${role}_token`, token])
    const expected = Object.entries(golden.special_tokens).filter(([, token]) => token !== null)
    assert.equal(Object.fromEntries(tokens), Object.fromEntries(expected))
    for (const role of roles) {
      const token = tokenizer.specialTokens[role]
      if (token === undefined) continue
      const id = tokenizer.tokenToId(token)!
      assert.is(tokenizer[`${role}TokenId`], id)
      assert.is(tokenizer.idToToken(id), token)
    }
  })

  const pairs = [golden.pair, golden.pair_truncated].filter((pair) => pair !== undefined)
  for (const { texts, input_ids, token_type_ids, attention_mask, ...options } of pairs)
    test(`${name}: a pair of texts ${JSON.stringify(options)}`, async () => {
      const tokenizer = await loadTokenizer(dir)
      const [text, pair] = texts
      const { truncation, max_length: maxLength }: Partial<Golden['pair_truncated']> = options
      const cut = truncation === undefined ? {} : { truncation, maxLength: maxLength! }
      const { inputIds, tokenTypeIds, attentionMask } = tokenizer.encode(text, { pair, ...cut })
      assert.equal([inputIds, attentionMask], [input_ids, attention_mask])
      if (token_type_ids) assert.equal(tokenTypeIds, token_type_ids)
    })

  if (golden.targets)
    test(`${name}: texts of the target language`, async () => {
      const tokenizer = await loadTokenizer(dir)
      const { tgt_lang: language, texts, ids } = golden.targets!
      const encode = (text: string) =>
        tokenizer.encodeTarget(text, language === undefined ? {} : { language })
      assert.equal(
        texts.map((text) => encode(text).inputIds),
        ids,
      )
    })

  if (golden.other_source_language)
    test(`${name}: texts of another language`, async () => {
      const tokenizer = await loadTokenizer(dir)
      const { src_lang: language, texts, ids } = golden.other_source_language!
      assert.equal(tokenizer.call(texts, { language }).inputIds, ids)
      assert.equal(
        texts.map((text) => tokenizer.encode(text, { language }).inputIds),
        ids,
      )
      assert.throws(
        () => tokenizer.encode('a', { language: 'xx_Nowhere' }),
        /language: expected the code of one/,
      )
    })

  for (const [token, id] of Object.entries(golden.language_ids ?? {}))
    test(`${name}: the token of ${token}`, async () => {
      const tokenizer = await loadTokenizer(dir)
      assert.is(tokenizer.languageTokenId(token.replaceAll('__', '')), id)
      assert.is(tokenizer.tokenToId(token), id)
      assert.is(tokenizer.idToToken(id), token)
    })
}

test.run()
