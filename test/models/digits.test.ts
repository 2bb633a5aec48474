// The digit models that come with saccade: their reference outputs, and the accuracy their cards state.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, ops, pipeline, RawImage, Tensor } from '../../lib/index.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const heldOut = JSON.parse(
  readFileSync(new URL('../data/digits-held-out.json', import.meta.url), 'utf8'),
) as {
  labels: number[]
  pixels: string
}
const side = 8
const scans = Buffer.from(heldOut.pixels, 'base64')
const scan = (index: number) => scans.subarray(index * side * side, (index + 1) * side * side)

/** The scan as the card's columns have it: enlarged smoothly to 64x64, or as it is. */
async function picture(index: number, smooth: boolean): Promise<RawImage> {
  if (!smooth) return new RawImage(scan(index), side, side, 1)
  const rows = ops.resample(Tensor.from(scan(index), [side, side, 1], 'uint8'), 1, 64, 'bicubic')
  return new RawImage(await ops.resample(rows, 0, 64, 'bicubic').data(), 64, 64, 1)
}

/** What the card's table was made from: shares of the 360, of the first seed, which is the one that is saved. */
const stated = (name: string): { bicubic: number; raw: number } =>
  JSON.parse(readFileSync(`${models}/${name}/metrics.json`, 'utf8')).accuracy[0]

for (const name of ['digits-vit', 'digits-convnext'] as const) {
  test(`${name} gives the logits of its reference, from the stored pixels`, async () => {
    using model = await load(`${models}/${name}`)
    using reference = await openCheckpoint(`${models}/${name}/samples/reference.safetensors`)
    const stored = reference.tensor('pixel_values')
    const pixelValues = Tensor.from(await stored.data(), stored.shape) as Tensor<'float32'>
    const { logits } = await model.run({ pixelValues })
    const [got, want] = [await logits!.data(), await reference.tensor('logits').data()]
    got.forEach((value, index) => {
      assert.ok(
        Math.abs(value - Number(want[index])) < 1e-4,
        `logit ${index}: ${value} instead of ${want[index]}`,
      )
    })
  })

  test(`${name} reads held-out digits as often right as its card says`, async () => {
    const classify = await pipeline('image-classification', `${models}/${name}`)
    for (const smooth of [true, false]) {
      const pictures = await Promise.all(heldOut.labels.map((_label, index) => picture(index, smooth)))
      const results = await classify(pictures, { top_k: 1 })
      const right = results.filter(([best], index) => best!.label === String(heldOut.labels[index])).length
      const share = stated(name)[smooth ? 'bicubic' : 'raw']
      assert.is((right / heldOut.labels.length).toFixed(4), share.toFixed(4), smooth ? 'smooth' : 'raw')
    }
    await classify.dispose()
  })
}

test.run()
