// What narrow precisions cost: the shipped models keep their answers. (Stored cases are in every/precision.test.ts.)
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { Marian } from '../../lib/models/marian/marian.js'
import type { DTypeName } from '../../lib/runtime/session.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))

/** For each precision, the least cosine of logits with the reference. */
const floors = { fp16: 0.9999999, bf16: 0.99999, q8: 0.9999 } as const
const narrow = Object.entries(floors) as [DTypeName, number][]

function cosine(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  let [dot, left, right] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])]
    dot += x * y
    left += x * x
    right += y * y
  }
  return left === 0 && right === 0 ? 1 : dot / Math.sqrt(left * right)
}

function largestAt(row: Float32Array): number {
  return row.indexOf(row.reduce((a, b) => Math.max(a, b)))
}

for (const [dtype, floor] of narrow) {
  for (const name of ['digits-vit', 'digits-convnext'])
    test(`${name} in ${dtype} gives the answers of its reference`, async () => {
      using model = await load(`${models}/${name}`, { dtype })
      using reference = await openCheckpoint(`${models}/${name}/samples/reference.safetensors`)
      const pixels = reference.tensor('pixel_values')
      const pixelValues = Tensor.from(await pixels.data(), pixels.shape) as Tensor<'float32'>
      const { logits } = await model.run({ pixelValues })
      const got = (await logits!.data()) as Float32Array
      const want = (await reference.tensor('logits').data()) as Float32Array
      const classes = logits!.shape.at(-1)!
      for (let i = 0; i < got.length; i += classes) {
        const [left, right] = [got.subarray(i, i + classes), want.subarray(i, i + classes)]
        assert.is(largestAt(left), largestAt(right), `image ${i / classes}`)
      }
      const close = cosine(got, want)
      assert.ok(close > floor, `cosine of logits ${close}`)
    })

  test(`numbers-en-ru in ${dtype} translates its samples`, async () => {
    const dir = `${models}/numbers-en-ru`
    const text = readFileSync(`${dir}/samples/samples.json`, 'utf8')
    const { pairs } = JSON.parse(text) as { pairs: { en: string; ru: string }[] }
    using model = await load<Marian>(dir, { dtype })
    const tokenizer = await loadTokenizer(dir)
    const batch = tokenizer.call(
      pairs.map(({ en }) => en),
      { padding: true },
    )
    const tensor = (rows: readonly number[][]) =>
      Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64') as Tensor<'int64'>
    const { sequences } = await model.generate({
      inputIds: tensor(batch.inputIds),
      attentionMask: tensor(batch.attentionMask),
    })
    assert.equal(
      tokenizer.batchDecode(sequences, { skipSpecialTokens: true }),
      pairs.map(({ ru }) => ru),
    )
  })
}

test.run()
