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

const tiffs = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+', 'MM*\0', 'II\0*']
const avifs = ['ftypavif', 'ftypavis', 'ftypmif1', 'ftypmsf1']
const svgStart =
  /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/

/** Each by the first bytes, as latin1. */
const tests: readonly (readonly [Format, (start: string) => boolean])[] = [
  ['jpeg', (start) => start.startsWith('\xff\xd8\xff')],
  ['png', (start) => start.startsWith('\x89PNG\r\n\x1a\n')],
  ['webp', (start) => start.startsWith('RIFF') && start.startsWith('WEBP', 8)],
  ['gif', (start) => start.startsWith('GIF87a') || start.startsWith('GIF89a')],
  ['avif', (start) => avifs.some((brand) => start.startsWith(brand, 4))],
  ['tiff', (start) => tiffs.some((order) => start.startsWith(order))],
  ['bmp', (start) => start.startsWith('BM')],
  ['pnm', (start) => /^P[1-6][ \t\n\v\f\r]/.test(start)],
  ['ico', (start) => start.startsWith('\0\0\x01\0')],
  ['svg', (start) => svgStart.test(start)],
]

/** Formats that are known and not read, for messages. */
const unread: readonly (readonly [string, (start: string) => boolean])[] = [
  ['JPEG 2000', (start) => start.startsWith('\0\0\0\x0cjP  ') || start.startsWith('\xff\x4f\xff\x51')],
  ['HEIC', (start) => /^(hei|hev)[cmsx]/.test(start.slice(8)) && start.startsWith('ftyp', 4)],
  ['JPEG XL', (start) => start.startsWith('\0\0\0\x0cJXL ') || start.startsWith('\xff\x0a')],
  ['Photoshop', (start) => start.startsWith('8BPS')],
  ['PDF', (start) => start.startsWith('%PDF-')],
]

/** Bytes at the start of a file that tell its format. */
const magicLength = 1024

/** The format of a file by its first bytes. A name's extension says nothing: many files on the web have a wrong one. */
export function formatOf(bytes: Uint8Array): Format | undefined {
  const start = startOf(bytes)
  return tests.find(([, test]) => test(start))?.[0]
}

/** The name of a format that is not read, if it is a known one. */
export function unreadFormatOf(bytes: Uint8Array): string | undefined {
  const start = startOf(bytes)
  return unread.find(([, test]) => test(start))?.[0]
}

function startOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, magicLength))
  return start.toString('latin1')
}
