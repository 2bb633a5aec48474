// A script written for transformers.js, with nothing changed but the import and the paths of its models.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cos_sim, env, pipeline, RawImage } from '../../lib/index.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const bert = fileURLToPath(new URL('../data/goldens/bert-model', import.meta.url))
const sample = (file: string) => `${models}/digits-vit/samples/${file}`

test('image classification', async () => {
  env.allowRemoteModels = false
  env.localModelPath = models
  const statuses: string[] = []
  const classifier = await pipeline('image-classification', 'digits-vit', {
    device: 'cpu',
    dtype: 'fp32',
    progress_callback: (info) => statuses.push(info.status),
  })
  assert.equal(statuses.at(-1), 'ready')

  const output = await classifier(sample('07-digit-7.png'), { top_k: 3 })
  assert.is(output.length, 3)
  assert.is(output[0]!.label, '7')
  assert.ok(output[0]!.score > 0.9)

  const five = await classifier(await RawImage.read(sample('03-digit-3.png')))
  assert.is(five.length, 5)
  const batch = await classifier([sample('00-digit-0.png'), sample('01-digit-1.png')], { top_k: 1 })
  assert.equal(
    batch.map((classes) => classes.map(({ label }) => label)),
    [['0'], ['1']],
  )
  const bytes = await classifier(new Blob([readFileSync(sample('02-digit-2.png'))]), { top_k: null })
  assert.is(bytes.length, 10)
  assert.ok(Math.abs(bytes.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-5)
  await classifier.dispose()
  env.localModelPath = undefined
  env.allowRemoteModels = true
})

test('image features', async () => {
  const extractor = await pipeline('image-feature-extraction', `${models}/digits-vit`)
  const features = await extractor(sample('07-digit-7.png'))
  assert.equal([...features.dims], [1, 17, 64])
  assert.is(features.type, 'float32')
  assert.instance(features.data, Float32Array)
  assert.is(features.size, 17 * 64)
  assert.is((features.tolist() as number[][][])[0]![16]!.length, 64)

  const pooled = await extractor(
    [sample('07-digit-7.png'), sample('10-digit-7.png'), sample('00-digit-0.png')],
    { pool: true },
  )
  assert.equal([...pooled.dims], [3, 64])
  const [seven, other, zero] = [...pooled].map(({ data }) => data)
  assert.ok(cos_sim(seven!, other!) > cos_sim(seven!, zero!), 'two sevens are closer than a seven and a zero')
  await extractor.dispose()
})

test('text features', async () => {
  const extractor = await pipeline('feature-extraction', bert)
  const tokens = await extractor('a small red circle')
  assert.equal([...tokens.dims], [1, 10, 16])
  const output = await extractor(['a small red circle', 'every train'], { pooling: 'mean', normalize: true })
  assert.equal([...output.dims], [2, 16])
  for (const row of output) assert.ok(Math.abs(Math.hypot(...row.data) - 1) < 1e-5)
  const alone = await extractor('every train', { pooling: 'mean', normalize: true })
  const [, second] = [...output]
  assert.ok(cos_sim(alone.data, second!.data) > 0.99999, 'padding does not change the mean')
  const first = await extractor('every train', { pooling: 'cls' })
  assert.equal([...first.dims], [1, 16])
  await extractor.dispose()
})

test('translation', async () => {
  const translator = await pipeline('translation', `${models}/numbers-en-ru`)
  const output = await translator('twenty-one thousand', { max_new_tokens: 20 })
  assert.equal(output, [{ translation_text: 'двадцать одна тысяча' }])
  const both = await translator(['forty-two', 'five thousand'], { num_beams: 3 })
  assert.equal(
    both.map(({ translation_text }) => translation_text),
    ['сорок два', 'пять тысяч'],
  )
  await translator.dispose()
})

test('text to text', async () => {
  const generator = await pipeline('text2text-generation', `${models}/numbers-en-ru`)
  assert.equal(await generator('seven'), [{ generated_text: 'семь' }])
  await generator.dispose()
})

test.run()
