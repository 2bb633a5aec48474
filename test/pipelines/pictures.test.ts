// depth-estimation and image-segmentation, whose results have the size of the picture. The values are those of transformers
// 5.18 in float64, with its Pillow processors.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline, RawImage } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { copyOf, golden } from '../support/folders.js'

const pictures = golden('preprocess/images')
const picture = join(pictures, 'photo_97x131.png')

/** A stored model with a stored processor. */
function folder(model: string, processor: string, size?: object): string {
  const dir = copyOf(golden(model))
  const source = golden(`preprocess/${processor}/preprocessor_config.json`)
  cpSync(source, join(dir, 'preprocessor_config.json'))
  if (size) writeFileSync(join(dir, 'preprocessor_config.json'), JSON.stringify(size))
  return dir
}

const segmenter = () =>
  folder('segformer', 'segformer', {
    ...{ image_processor_type: 'SegformerImageProcessor', size: { height: 32, width: 64 } },
  })

test('depth-estimation: depth of the size of each picture, and its levels', async () => {
  const estimate = await pipeline('depth-estimation', folder('depth-anything', 'depth-anything'))
  const { predicted_depth: depth, depth: gray } = await estimate(picture)
  assert.equal(depth.dims, [131, 97])
  assert.equal([...gray.size, gray.channels], [97, 131, 1])
  const expected = [
    [0, 0, 0, 8],
    [10, 50, 0.006303462114924515, 44],
    [65, 48, 0.008043836634458705, 54],
    [100, 3, 0.006501598827440412, 45],
    [130, 96, -0.0014116634621784434, 0],
  ] as const
  for (const [row, column, want, level] of expected) {
    const at = row * 97 + column
    assert.ok(Math.abs(depth.data[at]! - want) < 1e-6, `${row}, ${column}: ${depth.data[at]}`)
    assert.ok(Math.abs(gray.data[at]! - level) <= 1, `${row}, ${column}: level ${gray.data[at]}`)
  }
  const sizes = await estimate([picture, join(pictures, 'tiny_17x23.png')])
  assert.equal(
    sizes.map((each) => each.depth.size),
    [
      [97, 131],
      [17, 23],
    ],
  )
  assert.equal(sizes[0]!.predicted_depth.data, depth.data)
  const broken = [picture, new Uint8Array([1, 2, 3])]
  await rejects(() => estimate(broken), 'IMAGE_INVALID', /^image 1: /)
  await estimate.dispose()
})

test('depth-estimation: one pixel, which has no differences, has level 0', async () => {
  const estimate = await pipeline('depth-estimation', folder('depth-anything', 'depth-anything'))
  const { depth } = await estimate(new RawImage(new Uint8Array(3).fill(9), 1, 1, 3))
  assert.equal([...depth.data], [0])
  await estimate.dispose()
})

test('image-segmentation: a mask for each class in the picture', async () => {
  const segment = await pipeline('image-segmentation', segmenter())
  const segments = await segment(picture)
  const count = (mask: RawImage) => mask.data.reduce((sum, value) => sum + value / 255, 0)
  assert.equal(
    segments.map(({ label, score, mask }) => [label, score, ...mask.size, count(mask)]),
    [
      ['LABEL_0', null, 97, 131, 9919],
      ['LABEL_1', null, 97, 131, 230],
      ['LABEL_2', null, 97, 131, 904],
      ['LABEL_3', null, 97, 131, 1478],
      ['LABEL_4', null, 97, 131, 176],
    ],
  )
  const [first, second] = await segment([picture, picture], {
    ...{
      subtask: 'semantic',
      target_sizes: [
        [10, 20],
        [131, 97],
      ],
    },
  })
  assert.ok(first!.every(({ mask }) => mask.width === 20 && mask.height === 10))
  assert.is(
    first!.reduce((sum, { mask }) => sum + count(mask), 0),
    200,
  )
  assert.equal(second, segments)
  await segment.dispose()
})

test('image-segmentation: a large picture, which is resized in strips, has every pixel in one mask', async () => {
  const segment = await pipeline('image-segmentation', segmenter())
  const size = [2100, 1700] as const
  const segments = await segment(picture, { target_sizes: [size] })
  const pixels = new Uint8Array(size[0] * size[1])
  for (const { mask } of segments)
    mask.data.forEach((value, index) => {
      pixels[index]! += value / 255
    })
  assert.ok(pixels.every((value) => value === 1))
  await segment.dispose()
})

test('image-segmentation: options and models that do not fit', async () => {
  const segment = await pipeline('image-segmentation', segmenter())
  const wrong = (options: object) => () => segment(picture, options)
  await rejects(wrong({ subtask: 'panoptic' }), 'OPTION_INVALID', /subtask.*'semantic'/)
  await rejects(wrong({ target_sizes: [[0, 4]] }), 'OPTION_INVALID', /target_sizes: element 0/)
  await rejects(wrong({ target_sizes: [] }), 'OPTION_INVALID', /target_sizes.*0 sizes/)
  await rejects(wrong({ target_sizes: [[1e6, 1e6]] }), 'LIMIT_EXCEEDED', /imagePixels/)
  await rejects(wrong({ threshold: 0.5 }), 'OPTION_UNKNOWN', /threshold/)
  await segment.dispose()
  await rejects(() => pipeline('depth-estimation', segmenter()), 'TASK_UNSUPPORTED', /image-segmentation/)
})

test.run()
