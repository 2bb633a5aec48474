// The tokenizer of SigLIP 2: that of Gemma, on lower-cased texts, padded on the left. Expected ids are those of
// Siglip2Tokenizer of transformers 5.18 with the same files.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../lib/text/index.js'

const folder = fileURLToPath(new URL('../data/text/siglip2-tokenizer', import.meta.url))
const texts = ['The RED cat!', '  Ärger über the', 'кот', '']
const ids = [
  [290, 295, 265, 261, 264, 262, 281, 288],
  [261, 261, 200, 169, 279, 268, 266, 279, 261, 200, 193, 263, 266, 279, 291],
  [213, 191, 213, 195, 214, 135],
  [],
]

test('texts are lower-cased, and padded on the left', async () => {
  const tokenizer = await loadTokenizer(folder)
  assert.equal(
    texts.map((text) => tokenizer.encode(text).inputIds),
    ids,
  )
  const { inputIds } = tokenizer.call(texts, { padding: 'max_length', truncation: true })
  assert.equal(
    inputIds,
    ids.map((row) => [...new Array(16 - row.length).fill(0), ...row]),
  )
})

test('the class makes texts lower-case, if the normalizer of the file does not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'saccade-siglip2-'))
  try {
    cpSync(folder, dir, { recursive: true })
    const json = JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8'))
    json.normalizer = json.normalizer.normalizers[1]
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(json))
    assert.equal((await loadTokenizer(dir)).encode(texts[0]!).inputIds, ids[0])
    const config = JSON.parse(readFileSync(join(dir, 'tokenizer_config.json'), 'utf8'))
    const gemma = JSON.stringify({ ...config, tokenizer_class: 'GemmaTokenizer' })
    writeFileSync(join(dir, 'tokenizer_config.json'), gemma)
    assert.not.equal((await loadTokenizer(dir)).encode(texts[0]!).inputIds, ids[0])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
