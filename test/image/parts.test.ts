import sharp from 'sharp'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, type SaccadeError } from '../../lib/index.js'

const picture = () => sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })

async function refused(bytes: Buffer): Promise<void> {
  const error: SaccadeError = await decodeImage(bytes).then(
    () => assert.unreachable('decoded'),
    (error) => error,
  )
  assert.is(error.code, 'LIMIT_EXCEEDED')
  assert.match(error.message, 'imageParts')
}

function chunk(type: string, data: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.write(type, 'latin1')
  header.writeUInt32LE(data.length, 4)
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)])
}

function webp(...chunks: readonly Buffer[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]))
}

const extended = (flags: number) => chunk('VP8X', Buffer.of(flags, 0, 0, 0, 7, 0, 0, 7, 0, 0))

/** A frame that fills the picture. */
async function frame(): Promise<Buffer> {
  const file = await picture().webp({ lossless: true }).toBuffer()
  const header = Buffer.of(0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 1, 0, 0, 0)
  return chunk('ANMF', Buffer.concat([header, file.subarray(12)]))
}

test('of a WebP animation, only the first frame is looked at', async () => {
  const first = await frame()
  const broken = chunk('ANMF', Buffer.alloc(40))
  const animation = webp(extended(2), chunk('ANIM', Buffer.alloc(6)), first, ...Array(20_000).fill(broken))
  const image = await decodeImage(animation)
  assert.equal([...image.data.slice(0, 3)], [0x12, 0x34, 0x56])
  await refused(webp(extended(2), chunk('ANIM', Buffer.alloc(6)), ...Array(100_001).fill(first)))
})

test('a color profile of a WebP is not read', async () => {
  const file = await picture().webp({ lossless: true }).toBuffer()
  const image = await decodeImage(webp(extended(0x20), chunk('ICCP', Buffer.alloc(1000)), file.subarray(12)))
  assert.equal([...image.data.slice(0, 3)], [0x12, 0x34, 0x56])
})

test('a JPEG or AVIF of too many parts is refused', async () => {
  const jpeg = await picture().jpeg().toBuffer()
  const segments = Buffer.alloc(6 * 100_001, Buffer.of(0xff, 0xe2, 0, 4, 1, 2))
  await refused(Buffer.concat([jpeg.subarray(0, 2), segments, jpeg.subarray(2)]))
  const boxes = Buffer.alloc(8 * 100_001, Buffer.from('\0\0\0\x08free', 'latin1'))
  await refused(Buffer.concat([Buffer.from('\0\0\0\x18ftypavif\0\0\0\0avifmif1', 'latin1'), boxes]))
})

test.run()
