// The readers of pictures and of their orientation that are saccade's own: BMP, PNM, ICO, GIF, EXIF, XMP.
import { SaccadeError } from '../../../lib/errors.js'
import { decodeBmp } from '../../../lib/image/formats/bmp.js'
import { firstFrame } from '../../../lib/image/formats/gif.js'
import { decodeIco } from '../../../lib/image/formats/ico.js'
import { formatOf } from '../../../lib/image/formats/magic.js'
import { decodePnm } from '../../../lib/image/formats/pnm.js'
import { orientationOf } from '../../../lib/image/orientation.js'
import type { Encoded } from '../../../lib/image/pixels.js'
import { storedBelow } from '../inputs.js'

const exif = (order: string) => `Exif\0\0${order}\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00`
export const seeds: readonly Uint8Array[] = [
  ...storedBelow('reports', /\.(?:bmp|pgm|ppm|pbm|ico|gif)$/, 2000),
  // A whole file in the form of EXIF.
  ...storedBelow('reports', /^(?:exif7|big-7|hand-p4-1)\.tif$/),
  ...[exif('II*\0\x08\0\0\0\x01\0'), exif('MM\0*\0\0\0\x08\0\x01'), 'P2 3 2 255 1 2 3 4 5 6'].map((text) =>
    Buffer.from(text, 'latin1'),
  ),
  Buffer.from('tiff:Orientation="6" tiff:Orientation>3<'),
]

export const tokens: readonly string[] = [
  ...[
    'P1 ',
    'P6\n',
    '# a\n',
    '65535 ',
    '0 ',
    '\0\0\x01\0',
    'BM',
    'GIF89a',
    '!\xf9\x04',
    ',',
    ';',
    'II+\0',
    'MM*\0',
  ],
]

const maxPixels = 2 ** 16

export async function run(bytes: Uint8Array): Promise<void> {
  const file: Encoded = {
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    name: 'picture',
    signal: undefined,
    admit: async (width, height) => {
      if (!(width * height <= maxPixels)) throw new SaccadeError('IMAGE_TOO_LARGE', `${width}x${height}`)
    },
    fail: (problem, cause) => {
      throw new SaccadeError('IMAGE_INVALID', problem, { cause })
    },
  }
  const text = file.bytes.toString('latin1')
  const lines = { keyword: 'Raw profile type exif', text: `\nexif\n9\n${file.bytes.toString('hex')}` }
  orientationOf({ exif: bytes })
  orientationOf({ xmp: bytes })
  orientationOf({ comments: [lines, { keyword: 'Raw profile type exif', text }] })
  switch (formatOf(bytes)) {
    case 'bmp':
      await decodeBmp(file)
      break
    case 'pnm':
      await decodePnm(file)
      break
    case 'ico':
      await decodeIco(file)
      break
    case 'gif':
      firstFrame(file)
  }
}
