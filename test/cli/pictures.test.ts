// saccade depth and saccade segment: the pictures that they write, and what they print.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { colorOf } from '../../lib/cli/segment-pictures.js'
import { pipeline, RawImage } from '../../lib/index.js'
import { copyOf, golden } from '../support/folders.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const picture = golden('preprocess/images/photo_97x131.png')
const depthModel = copyOf(golden('depth-anything'))
cpSync(
  golden('preprocess/depth-anything/preprocessor_config.json'),
  join(depthModel, 'preprocessor_config.json'),
)
const segmentModel = copyOf(golden('segformer'))
writeFileSync(
  join(segmentModel, 'preprocessor_config.json'),
  JSON.stringify({ image_processor_type: 'SegformerImageProcessor', size: { height: 128, width: 128 } }),
)

const out = mkdtempSync(join(tmpdir(), 'saccade-pictures-'))
process.on('exit', () => rmSync(out, { recursive: true, force: true }))

function saccade(args: readonly string[], input: string | Uint8Array = '') {
  const ended = spawnSync(process.execPath, ['bin/saccade.js', ...args], {
    cwd: root,
    input,
    encoding: 'utf8',
  })
  const lines = ended.stdout.trim().split('\n')
  return { ...ended, json: args.includes('--json') ? lines.map((line) => JSON.parse(line)) : [] }
}

test('depth: a gray picture for each image; one that cannot be read does not stop the others', async () => {
  const dir = join(out, 'depth', 'deep')
  const { status, json } = saccade([
    'depth',
    picture,
    'package.json',
    picture,
    '--model',
    depthModel,
    '--out',
    dir,
    '--json',
  ])
  assert.is(status, 1)
  assert.is(json[1].error.code, 'IMAGE_INVALID')
  assert.equal(readdirSync(dir).sort(), ['photo_97x131-2.depth.png', 'photo_97x131.depth.png'])
  const estimate = await pipeline('depth-estimation', depthModel)
  const { predicted_depth, depth } = await estimate(picture)
  await estimate.dispose()
  for (const line of [json[0], json[2]]) {
    assert.equal([line.input, line.width, line.height], [picture, 97, 131])
    assert.equal([line.min, line.max], [Math.min(...predicted_depth.data), Math.max(...predicted_depth.data)])
    const { data, info } = await sharp(line.output)
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true })
    assert.equal([info.width, info.height, info.channels], [97, 131, 1])
    assert.equal(new Uint8Array(data), depth.data)
  }
})

test('depth --bits 16: the levels of standard input, with 65535 for the most', async () => {
  const bytes = await sharp(picture).png().toBuffer()
  const args = ['depth', '-', '--model', depthModel, '--out', out, '--bits', '16']
  const { status, stdout } = saccade(args, bytes)
  assert.is(status, 0)
  assert.match(stdout, /^-: -0\.0014117 to 0\.042647, .*stdin\.depth\.png\n$/)
  const file = sharp(join(out, 'stdin.depth.png'))
  assert.is((await file.metadata()).depth, 'ushort')
  const levels = new Uint16Array(
    new Uint8Array(await file.toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer()).buffer,
  )
  assert.is(levels.length, 97 * 131)
  assert.equal([Math.min(...levels), Math.max(...levels)], [0, 65535])
})

test('segment: colors over the image, and the labels with their areas', async () => {
  const segment = await pipeline('image-segmentation', segmentModel)
  const segments = await segment(picture)
  await segment.dispose()
  const { json, status } = saccade(['segment', picture, '--model', segmentModel, '--out', out, '--json'])
  assert.is(status, 0)
  const [line] = json
  assert.equal(
    line.segments.map(({ label }: { label: string }) => label),
    segments.map(({ label }) => label),
  )
  assert.is(
    line.segments.reduce((sum: number, { area }: { area: number }) => sum + area, 0),
    97 * 131,
  )
  const image = await RawImage.read(picture)
  const drawn = await RawImage.read(line.output)
  for (const [index, { mask }] of segments.entries()) {
    const pixel = mask.data.indexOf(255)
    const color = line.segments[index].color
    assert.is(mask.data.filter((value) => value > 0).length, line.segments[index].area)
    for (let channel = 0; channel < 3; channel++) {
      const own = Number.parseInt(color.slice(1 + 2 * channel, 3 + 2 * channel), 16)
      const at = 3 * pixel + channel
      assert.is(drawn.data[at], (image.data[at]! + own) >> 1)
    }
  }
})

test('segment --picture mask: the number of the segment of each pixel, in gray', async () => {
  const args = ['segment', picture, '--model', segmentModel, '--out', out, '--picture', 'mask', '--json']
  const [line] = saccade(args).json
  const { data, info } = await sharp(line.output)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  assert.is(info.channels, 1)
  for (const { level, area } of line.segments) assert.is(data.filter((value) => value === level).length, area)
})

test('wrong calls: no folder, a folder that cannot be made, a model of another task', () => {
  const without = saccade(['depth', picture, '--model', depthModel])
  assert.is(without.status, 2)
  assert.match(without.stderr, /--out/)
  const inFile = saccade([
    'segment',
    picture,
    '--model',
    segmentModel,
    '--out',
    join(root, 'package.json', 'x'),
  ])
  assert.is(inFile.status, 1)
  assert.match(inFile.stderr, /OPTION_INVALID: --out/)
  const other = saccade(['segment', picture, '--model', depthModel, '--out', out])
  assert.is(other.status, 1)
  assert.match(other.stderr, /TASK_UNSUPPORTED/)
})

test('colors of classes differ', () => {
  const colors = new Set(Array.from({ length: 150 }, (_, index) => colorOf(index).join()))
  assert.ok(colors.size > 145, `${colors.size} of 150`)
})

test.run()
