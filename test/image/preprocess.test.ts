import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positiveInt, readConfig } from '../../lib/files/config.js'
import { imageSpec } from '../../lib/image/config.js'
import { ImageProcessor } from '../../lib/image/process.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'

const root = fileURLToPath(new URL('../data/goldens/preprocess/', import.meta.url))
const cases = readdirSync(root).filter((name) => name !== 'images' && !name.endsWith('-pair'))

/** One 8-bit level after rescaling and normalising by the smallest deviation there is (0.225), and a little more. */
const oneLevel = 1 / 255 / 0.225 + 1e-4
const exact = 1e-5

for (const name of cases) {
  test(`pixels of ${name} are those of its library`, async () => {
    const processor = new ImageProcessor(
      imageSpec(await readConfig(`${root}${name}`, 'preprocessor_config.json')),
    )
    const golden = await readConfig(`${root}${name}`, 'golden.json')
    const stride = positiveInt(golden, 'stored_stride')
    using stored = await openCheckpoint(`${root}${name}/pixel_values.safetensors`)
    for (const output of stored.names()) {
      const [, name, file] = /^(output|pixel_attention_mask|spatial_shapes)\.(.*)$/.exec(
        output,
      )! as unknown as [string, string, string]
      const want = await stored.tensor(output).data()
      const { pixelValues, pixelAttentionMask, spatialShapes } = await processor.prepare(
        `${root}images/${file}`,
      )
      if (name !== 'output') {
        const counts = await (name === 'spatial_shapes' ? spatialShapes : pixelAttentionMask)!.data()
        assert.equal([...counts].map(Number), [...want].map(Number), output)
        continue
      }
      const got = await strided(pixelValues, stride)
      assert.equal(got.length, want.length, `${file}: size`)
      let off = 0
      for (let index = 0; index < want.length; index++) {
        const error = Math.abs(got[index]! - Number(want[index]))
        assert.ok(error <= oneLevel, `${file}: element ${index} is ${got[index]} instead of ${want[index]}`)
        if (error > exact) off++
      }
      // PNG decodes exactly; JPEG decoders may differ by rounding.
      if (file.endsWith('.png'))
        assert.ok(off <= want.length / 1000, `${file}: ${off} of ${want.length} differ`)
    }
  })
}

/** Every n-th row and column, as the goldens store them, of the one picture of a batch. */
async function strided(pixels: Tensor<'float32'>, stride: number): Promise<number[]> {
  const data = await pixels.data()
  if (pixels.rank === 3) return [...data]
  const [, channels, height, width] = pixels.shape as readonly number[] as [number, number, number, number]
  const kept: number[] = []
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y += stride)
      for (let x = 0; x < width; x += stride) kept.push(data[(c * height + y) * width + x]!)
  return kept
}

test.run()
