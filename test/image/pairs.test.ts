import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ImageProcessor } from '../../lib/image/process.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'

const root = fileURLToPath(new URL('../data/goldens/preprocess/', import.meta.url))

interface Golden {
  readonly texts: readonly string[]
  readonly images: readonly string[]
  readonly options: { readonly padding: true | 'max_length'; readonly truncation: boolean }
}

for (const name of readdirSync(root).filter((each) => each.endsWith('-pair')))
  test(`texts and images of ${name} are those of its processor`, async () => {
    const golden: Golden = JSON.parse(readFileSync(`${root}${name}/golden.json`, 'utf8'))
    using stored = await openCheckpoint(`${root}${name}/inputs.safetensors`)
    const want = async (each: string) => [...(await stored.tensor(`output.${each}`).data())].map(Number)
    const tokenizer = await loadTokenizer(`${root}${name}`)
    const batch = tokenizer.call(golden.texts, golden.options)
    assert.equal(batch.inputIds.flat(), await want('input_ids'))
    assert.equal(batch.attentionMask.flat(), await want('attention_mask'))
    const processor = await ImageProcessor.load(`${root}${name}`)
    const pixels = await processor.process(golden.images.map((file) => `${root}images/${file}`))
    const values = await want('pixel_values')
    const got = [...(await pixels.data())]
    assert.is(got.length, values.length)
    // The JPEG among them is decoded by a decoder of ours.
    for (const [index, value] of values.entries()) assert.ok(Math.abs(got[index]! - value) <= 0.05)
  })

test.run()
