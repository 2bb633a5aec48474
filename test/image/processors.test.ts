import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ImageProcessor, RawImage, type SaccadeError, setLimits } from '../../lib/index.js'

const data = fileURLToPath(new URL('../data/image/', import.meta.url))

/** Configs of random keys, and what AutoImageProcessor (Pillow backend) or timm's create_transform gives for them. */
interface Case {
  readonly files: Record<string, object>
  readonly shape: number[]
  readonly values: readonly (readonly [number, number])[]
}

/** Runs with a folder of JSON files. */
async function inFolder<T>(files: Record<string, unknown>, run: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'saccade-'))
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))
    return await run(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('processors are those of the library, whatever keys are absent, and wherever their class is named', async () => {
  const cases = JSON.parse(await readFile(`${data}processors.json`, 'utf8')) as Case[]
  assert.ok(cases.length > 80, 'cases')
  for (const { files, shape, values } of cases) {
    const pixels = await inFolder(files, async (dir) =>
      (await ImageProcessor.load(dir)).process(`${data}processors.png`),
    )
    const what = JSON.stringify(files)
    assert.equal([...pixels.shape], shape, what)
    const got = await pixels.data()
    for (const [index, value] of values)
      assert.ok(
        Math.abs(got[index]! - value) <= 2e-6 * Math.max(1, Math.abs(value)),
        `${what}: value ${index} is ${got[index]} instead of ${value}`,
      )
  }
})

/** The code of the error that a processor config leads to. */
function codeOf(config: unknown): Promise<string> {
  return inFolder({ 'preprocessor_config.json': config }, async (dir) => {
    try {
      const pixels = await (await ImageProcessor.load(dir)).process(`${data}processors.png`)
      await pixels.data()
      return 'none'
    } catch (error) {
      return (error as SaccadeError).code
    }
  })
}

test('a processor config that cannot be meant is refused before memory is spent', async () => {
  const type = { image_processor_type: 'ViTImageProcessor' }
  const bad: readonly [object | string, string][] = [
    [{ ...type, size: { height: 20000, width: 20000 } }, 'LIMIT_EXCEEDED'],
    [{ ...type, size: 2 ** 40 }, 'LIMIT_EXCEEDED'],
    [{ image_processor_type: 'CLIPImageProcessor', size: 30000, do_center_crop: false }, 'LIMIT_EXCEEDED'],
    [{ image_processor_type: 'CLIPImageProcessor', crop_size: 30000 }, 'LIMIT_EXCEEDED'],
    [{ image_processor_type: 'CLIPImageProcessor', size: 2 ** 40 }, 'IMAGE_TOO_LARGE'],
    [{ ...type, image_std: [0, 0, 0] }, 'CONFIG_INVALID'],
    [{ ...type, image_std: 0 }, 'CONFIG_INVALID'],
    [{ ...type, image_mean: ['a', 1, 1] }, 'CONFIG_INVALID'],
    ['{"image_processor_type": "ViTImageProcessor", "image_mean": 1e999}', 'CONFIG_INVALID'],
    [{ ...type, image_mean: null }, 'CONFIG_INVALID'],
    [{ ...type, size: { longest_edge: 5 } }, 'CONFIG_INVALID'],
    [{ ...type, resample: 9 }, 'CONFIG_INVALID'],
    [{ ...type, rescale_factor: 0 }, 'CONFIG_INVALID'],
    [{ ...type, do_pad: true, pad_size: { height: 300, width: 300 } }, 'CONFIG_INVALID'],
    [{ image_processor_type: 'SamImageProcessor' }, 'CONFIG_INVALID'],
    [{ size: 8 }, 'CONFIG_INVALID'],
    [[], 'CONFIG_INVALID'],
  ]
  for (const [config, code] of bad) assert.is(await codeOf(config), code, JSON.stringify(config))
})

test('keys of steps that are off are not looked at, as in transformers', async () => {
  const type = { image_processor_type: 'ViTImageProcessor', size: 8 }
  for (const config of [
    { ...type, do_normalize: false, image_mean: [0.5], image_std: [0, 0, 0] },
    { ...type, do_rescale: false, rescale_factor: 0 },
    { ...type, do_pad: false, pad_size: { height: 300, width: 300 } },
    { image_processor_type: 'BeitImageProcessor', size: 8, do_pad: true, pad_size: { height: 9, width: 9 } },
    { ...type, rescale_factor: -1 },
  ])
    assert.is(await codeOf(config), 'none', JSON.stringify(config))
})

test('the color around a picture that is smaller than the crop is the same for gray ones', async () => {
  const fill = [10, 20, 30]
  const processor = new ImageProcessor({ crop: { size: [4, 4], margin: 'even', fill } })
  const gray = new RawImage(Uint8Array.of(200, 100, 50, 0), 2, 2, 1)
  const [one, two, color] = await Promise.all(
    [gray, new RawImage(Uint8Array.of(200, 9, 100, 9, 50, 9, 0, 9), 2, 2, 2), gray.rgb()].map(async (image) =>
      (await processor.process(image)).data(),
    ),
  )
  assert.equal([one![0], one![16], one![32]], fill)
  assert.equal([one![5], one![21], one![37]], [200, 200, 200])
  assert.equal(one, color)
  assert.equal(two, color)
})

test('limits of a processor can be changed', async () => {
  const config = { image_processor_type: 'ViTImageProcessor', size: 2100 }
  assert.is(await codeOf(config), 'LIMIT_EXCEEDED')
  setLimits({ processedPixels: 5_000_000 })
  try {
    assert.is(await codeOf(config), 'none')
  } finally {
    setLimits({ processedPixels: 2 ** 22 })
  }
})

test.run()
