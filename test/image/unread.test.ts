import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, type SaccadeError } from '../../lib/index.js'

async function errorOf(bytes: Buffer): Promise<SaccadeError> {
  return decodeImage(bytes).then(
    () => assert.unreachable('decoded'),
    (error) => error,
  )
}

test('a known format that is not read is named, with those that are read', async () => {
  const starts = {
    'JPEG 2000': ['\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ', '\xff\x4f\xff\x51\0\x2f\0\0'],
    HEIC: ['\0\0\0\x18ftypheic\0\0\0\0', '\0\0\0\x18ftypheix\0\0\0\0'],
    'JPEG XL': ['\xff\x0a\0\0', '\0\0\0\x0cJXL \r\n\x87\n'],
    Photoshop: ['8BPS\0\x01'],
    PDF: ['%PDF-1.7\n'],
  }
  for (const [name, texts] of Object.entries(starts))
    for (const text of texts) {
      const error = await errorOf(Buffer.from(text, 'latin1'))
      assert.is(error.code, 'IMAGE_INVALID')
      assert.match(error.message, `${name}, which is not read`)
      assert.match(error.message, 'JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, PBM, PGM, PPM, ICO')
    }
})

/** A little-endian TIFF of 2 x 1 pixels in one strip of 64 bytes, with whole numbers as tags. */
function tiffOf(tags: Readonly<Record<number, number>>): Buffer {
  const all = { 256: 2, 257: 1, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: 1, 279: 64, ...tags }
  const entries = Object.entries(all)
  const strip = 10 + entries.length * 12 + 4
  const file = Buffer.alloc(strip + 64)
  file.write('II*\0\x08\0\0\0', 'latin1')
  file.writeUInt16LE(entries.length, 8)
  for (const [index, [tag, value]] of entries.entries()) {
    const at = 10 + index * 12
    file.writeUInt16LE(Number(tag), at)
    file.writeUInt16LE(4, at + 2)
    file.writeUInt32LE(1, at + 4)
    file.writeUInt32LE(Number(tag) === 273 ? strip : value, at + 8)
  }
  return file
}

test('a TIFF of a kind that is not read is refused by name', async () => {
  assert.is((await decodeImage(tiffOf({}))).width, 2)
  const kinds: readonly (readonly [Readonly<Record<number, number>>, string])[] = [
    [{ 259: 34925 }, 'LZMA'],
    [{ 259: 34926 }, 'Zstandard'],
    [{ 259: 50000 }, 'Zstandard'],
    [{ 259: 50001 }, 'WebP'],
    [{ 262: 8, 277: 3 }, 'LAB'],
    [{ 262: 9, 277: 3 }, 'LAB'],
    [{ 262: 6, 277: 3, 259: 5 }, 'YCbCr'],
    // Of these, decoders make pictures of different colors.
    [{ 262: 2, 277: 3, 258: 32, 339: 3 }, '3 channels of 32-bit floating-point'],
    [{ 262: 2, 277: 3, 258: 16, 339: 2 }, '3 channels of 16-bit signed'],
    [{ 262: 2, 277: 3, 258: 32 }, '3 channels of 32-bit unsigned'],
    [{ 258: 16, 339: 3 }, '16-bit floating-point'],
    [{ 262: 0, 258: 32 }, '32-bit unsigned samples whose 0 is white'],
    [{ 262: 0, 258: 16, 339: 2 }, '16-bit signed samples whose 0 is white'],
  ]
  for (const [tags, name] of kinds) {
    const error = await errorOf(tiffOf(tags))
    assert.is(error.code, 'IMAGE_INVALID')
    assert.match(error.message, name)
  }
})

test('an AVIF whose colors are multiplied by the alpha is refused', async () => {
  const error = await errorOf(readFileSync(new URL('../data/image/premultiplied.avif', import.meta.url)))
  assert.is(error.code, 'IMAGE_INVALID')
  assert.match(error.message, 'multiplied by the alpha')
})

test.run()
