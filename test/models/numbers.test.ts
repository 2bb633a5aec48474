import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GenerateOptions } from '../../lib/models/generative.js'
import { load } from '../../lib/models/load.js'
import type { Marian } from '../../lib/models/marian/marian.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { noise, sameBits } from './bits.js'
import { english, russian, type Spelling } from './number-words.js'

const dir = fileURLToPath(new URL('../../models/numbers-en-ru', import.meta.url))
const open = async () => (await load(dir)) as Marian

interface Pair {
  readonly number: number
  readonly en: string
  readonly ru: string
}
const { pairs } = JSON.parse(await readFile(join(dir, 'samples/samples.json'), 'utf8')) as { pairs: Pair[] }

async function translate(model: Marian, texts: readonly string[], options: GenerateOptions = {}) {
  const tokenizer = await loadTokenizer(dir)
  const batch = tokenizer.call(texts, { padding: true })
  const tensor = (rows: readonly number[][]) =>
    Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64') as Tensor<'int64'>
  const source = { inputIds: tensor(batch.inputIds), attentionMask: tensor(batch.attentionMask) }
  const { sequences } = await model.generate(source, options)
  return tokenizer.batchDecode(sequences, { skipSpecialTokens: true })
}

test('the rules of the test are those of the samples', () => {
  for (const { number, en, ru } of pairs) {
    assert.is(english(number), en)
    assert.is(russian(number), ru)
  }
})

test('the samples, which it was not trained on, are translated', async () => {
  using model = await open()
  const texts = pairs.map(({ en }) => en)
  const want = pairs.map(({ ru }) => ru)
  assert.equal(await translate(model, texts), want, 'greedy')
  assert.equal(await translate(model, texts, { numBeams: 4 }), want, 'four beams')
  assert.equal(await translate(model, texts, { useCache: false }), want, 'without a cache')
  for (const { en, ru } of pairs) assert.equal(await translate(model, [en]), [ru], 'alone')
})

test('encoder output and teacher-forced logits are those of PyTorch', async () => {
  using model = await open()
  using stored = await openCheckpoint(join(dir, 'samples/reference.safetensors'))
  const given = async (name: string) => {
    const tensor = stored.tensor(name)
    return Tensor.from(await tensor.data(), tensor.shape, 'int64') as Tensor<'int64'>
  }
  const inputs = {
    inputIds: await given('input_ids'),
    attentionMask: await given('attention_mask'),
    decoderInputIds: await given('decoder_input_ids'),
  }
  const { logits, encoderLastHiddenState } = await model.run(inputs)
  const kept = await inputs.attentionMask.data()
  const differs = async (got: FloatTensor, name: string, counts: (place: number) => boolean) => {
    const [left, right] = [await got.data(), (await stored.tensor(name).data()) as Float32Array]
    const width = got.shape[2]!
    let worst = 0
    let largest = 1
    for (let i = 0; i < right.length; i++) {
      if (!counts(Math.floor(i / width))) continue
      worst = Math.max(worst, Math.abs(left[i]! - right[i]!))
      largest = Math.max(largest, Math.abs(right[i]!))
    }
    return worst / largest
  }
  // Both sides compute in single precision, so each may be off by as much as the stored cases allow one.
  assert.ok((await differs(logits!, 'logits', () => true)) < 1e-5)
  const inText = (place: number) => kept[place] === 1n
  assert.ok((await differs(encoderLastHiddenState, 'encoder_last_hidden_state', inText)) < 1e-5)
})

test('hundreds of further numbers are translated, in every spelling', async () => {
  using model = await open()
  const numbers = [
    ...Array.from({ length: 20 }, (_, n) => n),
    ...[100, 101, 999, 1000, 1001, 2000, 5000, 11_000, 12_012, 21_021, 100_000, 101_000, 999_999],
    ...Array.from(noise(367, 5), (x) => Math.floor((x + 1) * 500_000)),
  ]
  const spellings: Spelling[] = [
    { hyphen: '-', and: 'and ', comma: ', ' },
    { hyphen: ' ', and: '', comma: ' ' },
    { hyphen: '-', and: '', comma: ', ' },
    { hyphen: ' ', and: 'and ', comma: ' ' },
  ]
  const wrong: string[] = []
  for (let start = 0; start < numbers.length; start += 100) {
    const part = numbers.slice(start, start + 100)
    const texts = part.map((n, index) => english(n, spellings[index % 4]))
    const got = await translate(model, texts)
    part.forEach((n, index) => {
      if (got[index] !== russian(n)) wrong.push(`${texts[index]}: ${got[index]}`)
    })
  }
  assert.equal(wrong, [])
})

test('the same bits for any number of threads', async () => {
  using model = await open()
  const tokenizer = await loadTokenizer(dir)
  const { inputIds } = tokenizer.call([pairs[3]!.en])
  const ids = (rows: readonly number[][]) => Tensor.from(rows.flat(), [1, rows[0]!.length], 'int64')
  const inputs = {
    inputIds: ids(inputIds) as Tensor<'int64'>,
    decoderInputIds: ids([[77, 5, 6, 7, 8]]) as Tensor<'int64'>,
  }
  const want = await model.run(inputs, { threads: 1 })
  for (const threads of [1, 2, 4]) {
    const got = await model.run(inputs, { threads })
    await sameBits(got.logits!, want.logits!, `logits on ${threads} threads`)
  }
})

test.run()
