// Pictures of all formats, from the first bytes to the pixels. Formats that sharp decodes are slower; image-headers has
// those of saccade's own readers.
import { decodeImage } from '../../../lib/index.js'
import { storedBelow } from '../inputs.js'

export const seeds: readonly Uint8Array[] = [
  ...storedBelow('reports', /\.(?:png|jpg|webp|tif|avif|gif)$/, 1200),
  new TextEncoder().encode(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"><path fill="#f00" d="M0 0h5v5z"/></svg>',
  ),
]

export const tokens: readonly string[] = [
  ...[
    'tiff:Orientation="6"',
    'Exif\0\0II*\0',
    'Exif\0\0MM\0*',
    'meta',
    'iprp',
    'ipco',
    'irot',
    'imir',
    'colrnclx',
  ],
  ...[
    '<filter',
    '<use href="#a"/>',
    '<image href="file:///"',
    'IHDR',
    'tEXt',
    'zTXt',
    'eXIf',
    'VP8X',
    'XMP ',
  ],
]

export async function run(bytes: Uint8Array): Promise<void> {
  await decodeImage(bytes, { maxPixels: 2 ** 18, svg: true })
}
