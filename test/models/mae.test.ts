import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ImageProcessor, load, type Mae, ops, pipeline, RawImage, Tensor } from '../../lib/index.js'
import { patchify, statisticsOf, unpatchify } from '../../lib/models/mae/patches.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { noise, rejects, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['vit-mae', 'mae-original'])

const shapes = fileURLToPath(new URL('../../models/shapes-mae', import.meta.url))
const samples = JSON.parse(readFileSync(`${shapes}/samples/samples.json`, 'utf8')) as {
  order: readonly string[]
  loss: number
}

async function sampleInputs() {
  using reference = await openCheckpoint(`${shapes}/samples/reference.safetensors`)
  const processor = await ImageProcessor.load(shapes)
  const files = samples.order.map((file) => `${shapes}/samples/${file}`)
  const pixelValues = await processor.process(files)
  const stored = async (name: string) => {
    const tensor = reference.tensor(name)
    return { values: Array.from(await tensor.data(), Number), shape: tensor.shape }
  }
  const order = await stored('noise')
  const given = Tensor.from(Float32Array.from(order.values), order.shape) as ops.FloatTensor
  return { pixelValues, noise: given, processor, logits: await stored('logits'), mask: await stored('mask') }
}

test('shapes-mae gives the patches, the mask and the loss of its reference, from its pictures', async () => {
  using model = await load<Mae>(shapes)
  const { pixelValues, noise, logits: want, mask } = await sampleInputs()
  const { logits, loss, mask: hidden } = await model.run({ pixelValues, noise })
  const got = await logits!.data()
  got.forEach((value, at) => {
    assert.ok(Math.abs(value - want.values[at]!) < 1e-4, `${at}: ${value} instead of ${want.values[at]}`)
  })
  assert.equal([...(await hidden.data())], mask.values)
  assert.ok(Math.abs((await loss!.data())[0]! - samples.loss) < 1e-6)
})

test('shapes-mae paints hidden patches better than the mean color of the picture, as its card says', async () => {
  using model = await load<Mae>(shapes)
  const { pixelValues, noise } = await sampleInputs()
  const { loss, mask } = await model.run({ pixelValues, noise })
  const patches = patchify(pixelValues, [8, 8])
  const color = ops.mean(ops.reshape(patches, [12, 64 * 64, 3]), 1, { keepDims: true })
  const guess = ops.expand(color, [12, 64 * 64, 3])
  const error = ops.mean(ops.square(ops.sub(patches, ops.reshape(guess, [12, 64, 192]))), -1)
  const others = ops.div(ops.sum(ops.mul(error, mask)), ops.sum(mask))
  // 0.325 on the 2000 pictures of the card.
  const share = (await loss!.data())[0]! / (await others.data())[0]!
  assert.ok(share < 0.4, `${share} of the error of the mean color`)
})

const images = (batch: number, size = 16): ops.FloatTensor =>
  Tensor.from(noise(batch * 3 * size * size), [batch, 3, size, size])
const order = (batch: number): ops.FloatTensor => Tensor.from(noise(batch * 16, 7), [batch, 16])

test('an image has the same bits alone and in a batch, and hidden patches do not matter', async () => {
  using model = await load<Mae>(golden('vit-mae'))
  const [pixelValues, given] = [images(3), order(3)]
  const all = await model.run({ pixelValues, noise: given })
  const row = (x: ops.FloatTensor): ops.FloatTensor => ops.slice(x, { axis: 0, start: 1, end: 2 })
  const alone = await model.run({ pixelValues: row(pixelValues), noise: row(given) })
  await sameBits(alone.logits!, row(all.logits!), 'logits')
  const { masked } = await model.reconstruct({ pixelValues, noise: given })
  const blind = await model.run({ pixelValues: masked, noise: given })
  await sameBits(blind.logits!, all.logits!, 'logits of the masked images')
})

test('a reconstruction keeps what was visible, and paints what was hidden', async () => {
  using model = await load<Mae>(golden('vit-mae'))
  const inputs = { pixelValues: images(2), noise: order(2) }
  const { reconstruction, mask } = await model.reconstruct(inputs)
  const { logits } = await model.run(inputs)
  const hidden = ops.cast(ops.unsqueeze(mask, -1) as Tensor, 'bool')
  const expected = ops.where(hidden, logits!, patchify(inputs.pixelValues, [4, 4]))
  await sameBits(reconstruction, unpatchify(expected, [4, 4], [4, 4]), 'reconstruction')
  const { mask: none, reconstruction: same } = await model.reconstruct(inputs, { maskRatio: 0 })
  assert.equal([...(await none.data())], new Array(32).fill(0))
  await sameBits(same, inputs.pixelValues, 'nothing hidden')
})

test('a model of normalised pixels gets mean and deviation of its patches back', async () => {
  using model = await openChanged<Mae>('vit-mae', { norm_pix_loss: true })
  const inputs = { pixelValues: images(1), noise: order(1) }
  const given = patchify(inputs.pixelValues, [4, 4])
  const { mean, deviation } = statisticsOf(given)
  const { logits, loss, mask } = await model.run(inputs)
  const { reconstruction } = await model.reconstruct(inputs)
  const hidden = ops.cast(ops.unsqueeze(mask, -1) as Tensor, 'bool')
  const pixels = ops.where(hidden, ops.add(ops.mul(logits!, deviation), mean), given)
  await sameBits(reconstruction, unpatchify(pixels, [4, 4], [4, 4]), 'reconstruction')
  // Against the definition, in double precision.
  const [got, want, hides] = await Promise.all([logits!.data(), given.data(), mask.data()])
  const errors = Array.from(hides, (isHidden, patch) => {
    const values = Array.from(want.subarray(patch * 48, (patch + 1) * 48))
    const average = values.reduce((sum, value) => sum + value, 0) / 48
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 47
    const squares = values.map((value, at) => {
      return (got[patch * 48 + at]! - (value - average) / Math.sqrt(variance + 1e-6)) ** 2
    })
    return isHidden ? squares.reduce((sum, value) => sum + value, 0) / 48 : 0
  })
  const mean64 = errors.reduce((sum, value) => sum + value, 0) / hides.filter((value) => value > 0).length
  assert.ok(Math.abs((await loss!.data())[0]! / mean64 - 1) < 1e-5)
})

test('without noise the patches are hidden at random', async () => {
  using model = await load<Mae>(golden('vit-mae'))
  const masks = new Set<string>()
  for (let run = 0; run < 8; run++) {
    const { mask } = await model.run({ pixelValues: images(1) })
    const values = [...(await mask.data())]
    assert.is(values.filter((value) => value === 1).length, 12)
    masks.add(values.join(''))
  }
  assert.ok(masks.size > 1)
})

test('image features are those of all patches, in the order of the image', async () => {
  const extract = await pipeline('image-feature-extraction', shapes)
  const picture = `${shapes}/samples/00.png`
  const [first, again] = [await extract(picture), await extract(picture)]
  assert.equal(first.dims, [1, 65, 64])
  assert.ok(Buffer.from(first.data.buffer).equals(Buffer.from(again.data.buffer)))
  using model = await load<Mae>(shapes)
  const pixelValues = await extract.processor.process(picture)
  const noise: ops.FloatTensor = Tensor.from(
    Float32Array.from({ length: 64 }, (_, at) => at),
    [1, 64],
  )
  const { lastHiddenState } = await model.run({ pixelValues, noise }, { maskRatio: 0 })
  assert.equal([...first.data], [...(await lastHiddenState.data())])
  await extract.dispose()
})

test('an encoder alone has no decoder to paint with', async () => {
  using model = await openChanged<Mae>('vit-mae', { architectures: ['ViTMAEModel'] }, (weights) => {
    for (const name of weights.keys()) if (name.startsWith('decoder.')) weights.delete(name)
  })
  assert.is(model.info.layout, 'transformers ViTMAEModel')
  const { lastHiddenState, logits } = await model.run({ pixelValues: images(1) })
  assert.equal([...lastHiddenState.shape], [1, 5, 24])
  assert.is(logits, undefined)
  await rejects(model.reconstruct({ pixelValues: images(1) }), 'TASK_UNSUPPORTED', 'decoder')
})

test('bad input is named', async () => {
  using model = await load<Mae>(golden('vit-mae'))
  const pixelValues = images(1)
  const run = (inputs: object, options = {}) => model.run({ pixelValues, ...inputs }, options)
  await rejects(run({ noise: order(2) }), 'SHAPE_MISMATCH', 'noise: expected [1, 16], got [2, 16]')
  const nan = Tensor.from(new Float32Array(16).fill(Number.NaN), [1, 16])
  await rejects(run({ noise: nan }), 'INPUT_INVALID', 'noise: expected numbers')
  for (const maskRatio of [1, -0.1, Number.NaN])
    await rejects(run({}, { maskRatio }), 'OPTION_INVALID', 'maskRatio')
  const [cut] = [Tensor.from(noise(3 * 18 * 16), [1, 3, 18, 16]) as ops.FloatTensor]
  await rejects(
    run({ pixelValues: cut }, { interpolatePositions: true }),
    'SHAPE_MISMATCH',
    'whole patches of 4x4',
  )
  await rejects(openChanged('vit-mae', { mask_ratio: 1.5 }), 'CONFIG_INVALID', 'mask_ratio')
})

test('pictures of pixel values are those that the values were made of', async () => {
  const processor = await ImageProcessor.load(shapes)
  const bytes = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 7) % 256)
  const picture = new RawImage(bytes, 64, 64, 3)
  const pixelValues = await processor.process([picture, picture])
  const [first, second] = await processor.toImages(pixelValues)
  assert.ok(Buffer.from(bytes).equals(first!.data))
  assert.ok(Buffer.from(bytes).equals(second!.data))
  const [clamped] = await processor.toImages(ops.mul(pixelValues, 100))
  assert.is(Math.min(...clamped!.data.subarray(0, 300)), 0)
  assert.is(Math.max(...clamped!.data.subarray(0, 300)), 255)
  await rejects(
    processor.toImages(Tensor.from(new Float32Array(8), [1, 2, 2, 2])),
    'SHAPE_MISMATCH',
    'channels',
  )
})

test.run()
