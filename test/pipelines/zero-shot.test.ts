import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadEmbedder, pipeline, search, Tensor } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { withLimits } from '../weights/build.js'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const shapes = path('../../models/shapes-clip')
const siglip = path('../data/goldens/siglip')
const sample = (name: string) => `${shapes}/samples/${name}.png`
const circle = sample('00-a-small-red-circle-in-the-bottom-right')
const square = sample('01-a-small-blue-square-in-the-center')
const labels = ['square', 'circle', 'star']

test('labels by descending score, for one image and for a list', async () => {
  const classify = await pipeline('zero-shot-image-classification', shapes)
  const one = await classify(circle, labels)
  assert.is(one[0]!.label, 'circle')
  assert.ok(Math.abs(one.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-6)
  const [first, second] = await classify([circle, square], labels)
  assert.equal(first, one)
  assert.is(second![0]!.label, 'square')
  const named = await classify(circle, ['red', 'blue'], { hypothesis_template: 'a {} shape' })
  assert.is(named[0]!.label, 'red')
  await classify.dispose()
})

test('labels are encoded once, and kept up to the limit', async () => {
  const classify = await pipeline('zero-shot-image-classification', shapes)
  const { model } = classify
  const run = model.run.bind(model)
  const encoded: number[] = []
  model.run = async (inputs, options) => {
    if (inputs.inputIds) encoded.push(inputs.inputIds.shape[0]!)
    return run(inputs, options)
  }
  const first = await classify(circle, labels)
  assert.equal(await classify(circle, labels), first)
  await classify(square, [...labels, 'ring', 'ring'])
  assert.equal(encoded, [3, 1])
  await withLimits({ keptTexts: 1 }, async () => {
    assert.equal(await classify(circle, labels), first)
    await classify(circle, labels)
  })
  // One of the three is kept after the first of these calls.
  assert.equal(encoded, [3, 1, 2])
  await classify.dispose()
})

const cases = path('../data/zero-shot/')
interface Expected {
  readonly template: string
  readonly labels: readonly string[]
  readonly images: readonly string[]
  /** By image and label. */
  readonly scores: readonly (readonly number[])[]
}

// Random weights, and the tokenizers of other cases. The scores are those of the library's pipeline in float64; of
// open_clip, those of its own transform, tokenizer and encoders.
for (const name of readdirSync(cases))
  test(`${name}: the scores of its library`, async () => {
    const expected: Expected = JSON.parse(readFileSync(`${cases}${name}/expected.json`, 'utf8'))
    const { template, labels, images, scores } = expected
    const classify = await pipeline('zero-shot-image-classification', `${cases}${name}`)
    const files = images.map((file) => path(`../data/goldens/preprocess/images/${file}`))
    const results = await classify(files, labels, { hypothesis_template: template })
    assert.is(results.length, scores.length)
    for (const [index, row] of results.entries()) {
      const want = labels.map((label, at) => ({ label, score: scores[index]![at]! }))
      want.sort((a, b) => b.score - a.score)
      assert.equal(
        row.map(({ label }) => label),
        want.map(({ label }) => label),
      )
      for (const [at, { label, score }] of row.entries())
        assert.ok(Math.abs(score - want[at]!.score) < 2e-6, `${images[index]}, ${label}: ${score}`)
    }
    await classify.dispose()
  })

test('SigLIP scores each label by itself, from texts padded to their full length', async () => {
  const classify = await pipeline('zero-shot-image-classification', siglip)
  const picture = path('../data/goldens/preprocess/images/photo_97x131.png')
  const all = await classify(picture, ['a cat', 'a dog', 'a small red circle'])
  for (const { label, score } of all) assert.equal(await classify(picture, [label]), [{ label, score }])
  await classify.dispose()
})

test('image features of a model that compares: of tokens, and pooled', async () => {
  const extract = await pipeline('image-feature-extraction', shapes)
  const [tokens, pooled] = [await extract(circle), await extract(circle, { pool: true })]
  assert.equal(tokens.dims, [1, 65, 64])
  assert.equal(pooled.dims, [1, 64])
  await extract.dispose()
})

test('wrong calls have codes', async () => {
  const classify = await pipeline('zero-shot-image-classification', shapes)
  await rejects(() => classify(circle, []), 'EMPTY_BATCH', /candidate_labels/)
  await rejects(() => classify(circle, labels, { hypothesis_template: 'a' }), 'OPTION_INVALID', /template/)
  await classify.dispose()
  await rejects(() => loadEmbedder(path('../../models/digits-vit')), 'TASK_UNSUPPORTED', /compares/)
  const vit = path('../../models/digits-vit')
  await rejects(() => pipeline('zero-shot-image-classification', vit), 'TASK_UNSUPPORTED', /digits|ViT/)
})

test('texts and images in one space, and the nearest of them', async () => {
  const embedder = await loadEmbedder(shapes)
  const images = await embedder.images([circle, square])
  const texts = await embedder.texts(['a red circle', 'a blue square', 'a red circle'])
  assert.equal(texts.dims, [3, 64])
  assert.equal([...texts[0]!.data], [...texts[2]!.data])
  const found = await search(texts, images, { top_k: 5 })
  assert.equal(
    found.map((matches) => matches.map(({ index }) => index)),
    [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
  )
  embedder.dispose()
})

test('search: cosine similarities of thousands of rows, ties by row, rows of zeros', async () => {
  const [rows, width] = [3000, 16]
  const data = Float32Array.from({ length: rows * width }, (_, index) => ((index * 7919) % 23) - 11)
  data.fill(0, 5 * width, 6 * width)
  data.copyWithin(200 * width, 100 * width, 101 * width)
  const vectors = Tensor.from(data, [rows, width], 'float32')
  const query = data.slice(100 * width, 101 * width)
  const [matches] = await search(Tensor.from(query, [1, width], 'float32'), vectors, { top_k: rows })
  const at = (row: number) => matches!.findIndex(({ index }) => index === row)
  assert.ok(at(100) < at(200))
  assert.ok(Math.abs(matches![at(100)]!.score - 1) < 1e-6)
  assert.is(matches![at(5)]!.score, 0)
  const length = (row: ArrayLike<number>) => Math.sqrt(Array.from(row).reduce((sum, x) => sum + x * x, 0))
  for (const { index, score } of matches!.filter(({ index }) => index !== 5)) {
    const row = data.subarray(index * width, (index + 1) * width)
    const dot = row.reduce((sum, x, i) => sum + x * query[i]!, 0)
    assert.ok(Math.abs(score - dot / length(row) / length(query)) < 1e-5)
  }
  const narrow = Tensor.from([1, 2], [1, 2], 'float32')
  await rejects(() => search(narrow, vectors), 'SHAPE_MISMATCH', /search: vectors/)
  await rejects(() => search(vectors, vectors, { top_k: 0 }), 'OPTION_INVALID', /top_k/)
})

test.run()
