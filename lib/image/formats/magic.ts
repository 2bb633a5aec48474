/** The formats that are read, as messages name them. */
export const formatNames = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
  tiff: 'TIFF',
  bmp: 'BMP',
  pnm: 'PBM, PGM, PPM',
  ico: 'ICO',
  svg: 'SVG (with the option svg)',
} as const

export type Format = keyof typeof formatNames

const magics: readonly (readonly [Format, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n\x1a\n/],
  ['webp', /^RIFF[\s\S]{4}WEBP/],
  ['gif', /^GIF8[79]a/],
  ['avif', /^[\s\S]{4}ftyp(avif|avis|mif1|msf1)/],
  ['tiff', /^(II\*\0|MM\0\*|II\+\0|MM\0\+|MM\*\0|II\0\*)/],
  ['bmp', /^BM/],
  ['pnm', /^P[1-6][ \t\n\v\f\r]/],
  ['ico', /^\0\0\x01\0/],
  ['svg', /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/],
]

/** Bytes at the start of a file that tell its format. */
export const magicLength = 1024

/** The format of a file by its first bytes. A name's extension says nothing: many files on the web have a wrong one. */
export function formatOf(bytes: Uint8Array): Format | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, magicLength))
  const text = start.toString('latin1')
  return magics.find(([, magic]) => magic.test(text))?.[0]
}
