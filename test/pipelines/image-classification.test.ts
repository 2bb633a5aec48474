// Which function turns logits into scores: that of ImageClassificationPipeline of transformers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnyModel, pipeline, RawImage } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { golden, published, withKeys } from '../support/folders.js'

const image = new RawImage(
  new Uint8Array(32 * 32 * 3).map((_, i) => (i * 37) % 256),
  32,
  32,
  3,
)
const severalLabels = { problem_type: 'multi_label_classification' }

const sigmoid = (logits: readonly number[]) => logits.map((x) => 1 / (1 + Math.exp(-x)))
const softmax = (logits: readonly number[]) => {
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0)
  return logits.map((x) => Math.exp(x) / total)
}

/** Scores of the pipeline and of a function of the model's logits, both in descending order. */
async function compare(
  folder: string,
  options: { function_to_apply?: 'sigmoid' | 'softmax' | 'none' },
  of: (logits: readonly number[]) => readonly number[],
): Promise<void> {
  const classify = await pipeline('image-classification', folder)
  using pixelValues = await classify.processor.process(image)
  const { logits } = await (classify.model as AnyModel).run({ pixelValues })
  const expected = [...of(Array.from(await logits!.data()))].sort((a, b) => b - a)
  const found = await classify(image, { top_k: null, ...options })
  assert.is(found.length, expected.length)
  found.forEach(({ score }, i) => {
    assert.ok(Math.abs(score - expected[i]!) < 1e-6, `${folder} ${i}: ${score}, ${expected[i]}`)
  })
  await classify.dispose()
}

for (const source of [published('digits-vit'), published('digits-convnext'), golden('timm-vit-token')])
  test(`${source.split('/').at(-1)}: softmax, or sigmoid for several labels at once`, async () => {
    await compare(source, {}, softmax)
    await compare(withKeys(source, { problem_type: 'single_label_classification' }), {}, softmax)
    await compare(withKeys(source, { problem_type: 'regression' }), {}, softmax)
    await compare(withKeys(source, severalLabels), {}, sigmoid)
    await compare(withKeys(source, severalLabels), { function_to_apply: 'softmax' }, softmax)
    await compare(source, { function_to_apply: 'sigmoid' }, sigmoid)
    await compare(source, { function_to_apply: 'none' }, (logits) => logits)
  })

test('bad values', async () => {
  const source = published('digits-vit')
  const typo = withKeys(source, { problem_type: 'multi_label' })
  await rejects(() => pipeline('image-classification', typo), 'CONFIG_INVALID', /"problem_type"/)
  const classify = await pipeline('image-classification', source)
  await rejects(
    () => classify(image, { function_to_apply: 'relu' as never }),
    'OPTION_INVALID',
    /function_to_apply: expected one of sigmoid, softmax, none, got 'relu'/,
  )
  await classify.dispose()
})

test.run()
