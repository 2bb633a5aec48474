import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { noise, rejects, sameBits } from './bits.js'
import { golden } from './goldens.js'

const open = async (name = 'vit-classifier') => (await load(golden(name))) as Vit

function images(batch: number, height = 16, width = 16, seed = 1): ops.FloatTensor {
  return Tensor.from(noise(batch * 3 * height * width, seed), [batch, 3, height, width])
}

/** Cases that differ in how they are computed, each with the sides of an image. */
const kinds = [
  ['vit-classifier', 16, 16],
  ['timm-vit-map', 16, 16],
  ['timm-vit-qknorm', 12, 20],
  ['timm-vit-swiglu', 28, 28],
  ['deit-distilled', 16, 16],
  ['torchvision-vit-representation', 16, 16],
  ['dino-v1-original', 24, 20],
  ['dinov2-registers', 35, 21],
] as const

for (const [name, height, width] of kinds) {
  test(`${name}: attention weights add up to one, and asking for them changes no bit`, async () => {
    using model = await open(name)
    const pixelValues = images(2, height, width, 5)
    const plain = await model.run({ pixelValues })
    const asked = await model.run({ pixelValues }, { attentions: true, hiddenStates: true })
    await sameBits(asked.lastHiddenState, plain.lastHiddenState, 'last hidden state')
    await sameBits(asked.poolerOutput, plain.poolerOutput, 'pooled')
    if (plain.logits) await sameBits(asked.logits!, plain.logits, 'logits')
    assert.is(plain.attentions, undefined)
    assert.is(plain.hiddenStates, undefined)
    assert.is(asked.attentions!.length, model.spec.depth)
    assert.is(asked.hiddenStates!.length, model.spec.depth + 1)
    for (const weights of asked.attentions!)
      for (const sum of await ops.sum(weights, -1).data())
        assert.ok(Math.abs(sum - 1) < 1e-5, `a row adds up to ${sum}`)
  })
}

test('attention weights can be had for some layers and queries', async () => {
  using model = await open()
  const pixelValues = images(2)
  const { attentions } = await model.run({ pixelValues }, { attentions: true })
  const rows = (x: ops.FloatTensor, start: number, end: number): ops.FloatTensor =>
    ops.slice(x, { axis: 2, start, end })
  const last = attentions![1]!
  const places = [
    ['cls', 0, 1],
    [5, 5, 6],
    [-1, 16, 17],
    [[3, 9], 3, 9],
  ] as const
  for (const [query, start, end] of places) {
    const some = await model.run({ pixelValues }, { attentions: { layers: [-1], query } })
    assert.is(some.attentions!.length, 1)
    await sameBits(some.attentions![0]!, rows(last, start, end), `query ${query}`)
  }
  const turned = await model.run({ pixelValues }, { attentions: { layers: [1, 0] } })
  await sameBits(turned.attentions![0]!, last, 'layers in the order of the request')
})

test('a classifier gives logits, a backbone does not', async () => {
  using classifier = await open()
  using backbone = await open('dinov2-model')
  const { logits, poolerOutput } = await classifier.run({ pixelValues: images(2) })
  assert.equal([...logits!.shape], [2, 5])
  assert.equal([...poolerOutput.shape], [2, 24])
  assert.ok(logits!.computed)
  const bare = await backbone.run({ pixelValues: images(2, 28, 28) })
  assert.is(bare.logits, undefined)
  assert.equal(classifier.info.tasks, ['image-classification', 'image-feature-extraction'])
  assert.equal(backbone.info.tasks, ['image-feature-extraction'])
  assert.equal(classifier.info.labels, ['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3', 'LABEL_4'])
  assert.equal(classifier.info.imageSize, [3, 16, 16])
})

test('each library has its own rule for images of another size', async () => {
  const other = images(1, 20, 12)
  using vit = await open()
  await rejects(vit.run({ pixelValues: other }), 'SHAPE_MISMATCH', 'interpolatePositions')
  const resized = await vit.run({ pixelValues: other }, { interpolatePositions: true })
  assert.equal([...resized.lastHiddenState.shape], [1, 16, 24])
  using torchvision = await open('torchvision-vit')
  const interpolatePositions = true
  await rejects(torchvision.run({ pixelValues: other }), 'SHAPE_MISMATCH', 'interpolatePositions')
  await rejects(
    torchvision.run({ pixelValues: other }, { interpolatePositions }),
    'SHAPE_MISMATCH',
    'squares',
  )
  const square = await torchvision.run({ pixelValues: images(1, 28, 28) }, { interpolatePositions })
  assert.equal([...square.lastHiddenState.shape], [1, 50, 24])
  using strict = await open('timm-vit-token')
  await rejects(strict.run({ pixelValues: other }), 'SHAPE_MISMATCH', 'interpolatePositions')
  using dynamic = await open('timm-vit-qknorm')
  assert.equal([...(await dynamic.run({ pixelValues: other })).lastHiddenState.shape], [1, 16, 24])
  await rejects(dynamic.run({ pixelValues: images(1, 21, 12) }), 'SHAPE_MISMATCH', 'whole patches of 4x4')
  using dino = await open('dino-v1-original')
  assert.equal([...(await dino.run({ pixelValues: images(1, 21, 15) })).lastHiddenState.shape], [1, 16, 18])
  await rejects(dino.run({ pixelValues: images(1, 3, 16) }), 'SHAPE_MISMATCH', 'at least 4x4')
})

test('what is cut off at the right and bottom is not looked at', async () => {
  using model = await open('dinov2-classifier')
  const pixels = noise(3 * 18 * 19)
  const changed = pixels.map((value, index) =>
    index % 19 >= 16 || Math.floor(index / 19) % 18 >= 16 ? 100 : value,
  )
  const run = (data: Float32Array) => model.run({ pixelValues: Tensor.from(data, [1, 3, 18, 19]) })
  await sameBits((await run(changed)).logits!, (await run(pixels)).logits!, 'logits')
})

test('bad input is named', async () => {
  using model = await open()
  const run = (pixelValues: unknown, options?: object) => model.run({ pixelValues } as never, options)
  await rejects(run(images(1), { attentions: 3 }), 'OPTION_INVALID', 'attentions')
  await rejects(run(images(1), { attentions: { rows: 3 } }), 'OPTION_UNKNOWN', 'rows')
  await rejects(run(images(1), { attentions: { layers: [2] } }), 'INDEX_OUT_OF_RANGE', '2 layers')
  await rejects(run(images(1), { attentions: { query: 17 } }), 'INDEX_OUT_OF_RANGE', '17 tokens')
  await rejects(run(images(1), { attentions: { query: [4, 4] } }), 'INDEX_OUT_OF_RANGE', '17 tokens')
  await rejects(run(images(1), { attentions: { query: 'all' } }), 'OPTION_INVALID', 'query')
  using tokenless = await open('timm-vit-gap')
  await rejects(
    tokenless.run({ pixelValues: images(1) }, { attentions: { query: 'cls' } }),
    'OPTION_INVALID',
    'no class token',
  )
})

test('a disposed model says so', async () => {
  const model = await open()
  const { logits } = await model.run({ pixelValues: images(1) })
  model.dispose()
  await rejects(model.run({ pixelValues: images(1) }), 'DISPOSED', 'vit-classifier')
  assert.is((await logits!.data()).length, 5)
})

test.run()
