import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, ops, RawImage, type SaccadeError } from '../../lib/index.js'

const picture = fileURLToPath(new URL('../data/image/processors.png', import.meta.url))

test('resize is that of the ops, also in strips and for gray and alpha', async () => {
  const image = await decodeImage(picture)
  for (const one of [image, image.rgba(), image.grayscale()]) {
    const resized = await one.resize(50, 11, { resample: 'lanczos' })
    const wide = ops.resample(one.tensor(), 1, 50, 'lanczos')
    const expected = await ops.resample(wide, 0, 11, 'lanczos').data()
    assert.equal([resized.width, resized.height, resized.channels], [50, 11, one.channels])
    assert.is(Buffer.compare(resized.data, expected), 0)
  }
  const tall = new RawImage(
    new Uint8Array(3000 * 900 * 3).map((_, index) => index * 7),
    3000,
    900,
    3,
  )
  const resized = await tall.resize(2000, 700, { resample: 3 })
  const wide = ops.resample(tall.tensor(), 1, 2000, 'bicubic')
  assert.is(Buffer.compare(resized.data, await ops.resample(wide, 0, 700, 'bicubic').data()), 0)
})

// Values of Pillow 12.3: the vertical pass comes first if a picture is 100 times as high as wide, and is made lower.
test('a very tall picture is resized in the order of Pillow', async () => {
  const data = Uint8Array.from({ length: 500 }, (_, index) => (index * 37) % 256)
  const tall = new RawImage(data, 2, 250, 1)
  const bicubic = [
    ...[125, 125, 126, 127, 127, 128, 128, 128, 127, 127],
    ...[126, 126, 128, 129, 129, 129, 129, 128, 127, 127],
  ]
  assert.equal([...(await tall.resize(5, 4, { resample: 'bicubic' })).data], bicubic)
  const lanczos = [
    ...[125, 125, 126, 127, 127, 128, 128, 128, 127, 127],
    ...[125, 126, 128, 129, 130, 131, 130, 129, 127, 126],
  ]
  assert.equal([...(await tall.resize(5, 4, { resample: 'lanczos' })).data], lanczos)
  // At 100 times, and where it is not made lower, the horizontal pass is the first.
  for (const [height, into] of [
    [200, 4],
    [250, 250],
  ] as const) {
    const part = new RawImage(data.slice(0, 2 * height), 2, height, 1)
    const wide = ops.resample(part.tensor(), 1, 5, 'bicubic')
    const expected = await ops.resample(wide, 0, into, 'bicubic').data()
    assert.is(Buffer.compare((await part.resize(5, into, { resample: 'bicubic' })).data, expected), 0)
  }
})

test('a decoded picture has bytes of its own in a Uint8Array, which JSON writes as a list', async () => {
  const image = await decodeImage(picture)
  const copy = image.clone()
  copy.data[0]! ^= 255
  assert.is.not(copy.data[0], image.data[0])
  assert.is(image.data.constructor, Uint8Array)
  const small = new RawImage(Buffer.from([1, 2, 3]), 1, 1, 3)
  assert.is(JSON.stringify(small), '{"width":1,"height":1,"channels":3,"data":[1,2,3]}')
})

test('crop takes the corners in, and leaves out what is outside', async () => {
  const image = await decodeImage(picture)
  const part = await image.crop([3, 2, 10, 5])
  assert.equal(part.size, [8, 4])
  const at = (2 * 37 + 3) * 3
  assert.equal([...part.data.slice(0, 24)], [...image.data.slice(at, at + 24)])
  assert.equal((await image.crop([-5, -5, 100, 100])).size, [37, 29])
})

test('gray is that of Pillow, and channels come and go', () => {
  const image = new RawImage(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30), 4, 1, 3)
  assert.equal([...image.grayscale().data], [76, 150, 29, 18])
  assert.equal([...image.rgba().data.slice(0, 8)], [255, 0, 0, 255, 0, 255, 0, 255])
  assert.equal([...image.rgba().rgb().data], [...image.data])
  assert.equal([...new RawImage(Uint8Array.of(7, 9), 1, 1, 2).rgba().data], [7, 7, 7, 9])
  assert.is.not(image.clone().data, image.data)
})

test('save writes what is read again, and toSharp gives the pixels to sharp', async () => {
  const image = await decodeImage(picture)
  const dir = mkdtempSync(join(tmpdir(), 'saccade-'))
  try {
    await image.save(join(dir, 'a.png'))
    assert.equal((await decodeImage(join(dir, 'a.png'))).data, image.data)
  } finally {
    rmSync(dir, { recursive: true })
  }
  const { data, info } = await image.toSharp().raw().toBuffer({ resolveWithObject: true })
  assert.equal([info.width, info.height, info.channels], [37, 29, 3])
  assert.is(Buffer.compare(data, image.data), 0)
})

test('wrong arguments are errors with a code', async () => {
  const image = await decodeImage(picture)
  const calls: (() => unknown)[] = [
    () => image.resize(0, 5),
    () => image.resize(5, 2.5),
    () => image.resize('a' as never, 5),
    () => image.resize(5, 5, { resample: 9 }),
    () => image.resize(5, 5, { resampler: 1 } as never),
    () => image.resize(2 ** 30, 1),
    () => image.resize(60_000, 60_000),
    () => image.crop([50, 0, 60, 5]),
    () => image.crop(3 as never),
    () => image.save(''),
    () => image.save('no/such/folder/a.png'),
    () => image.save('a.unknown'),
    () => RawImage.read(picture, { svgs: true } as never),
    () => RawImage.read(picture, { maxPixels: 'a' as never }),
    async () => new RawImage(5 as never, 1, 1, 1),
    async () => new RawImage(new Uint8Array(3), 1, 1, 2),
  ]
  const codes = await Promise.all(
    calls.map(async (call) => {
      try {
        await call()
        return 'none'
      } catch (error) {
        return (error as SaccadeError).code
      }
    }),
  )
  const option = 'OPTION_INVALID'
  assert.equal(codes, [
    ...[option, option, option, option, 'OPTION_UNKNOWN', 'IMAGE_TOO_LARGE', 'LIMIT_EXCEEDED'],
    ...[option, option, option, option, option, 'OPTION_UNKNOWN', option, 'INPUT_INVALID', 'IMAGE_INVALID'],
  ])
})

test.run()
