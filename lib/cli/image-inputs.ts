import { readFileSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { SaccadeError } from '../errors.js'
import { fileError } from '../files/file.js'
import { readInput } from './standard-input.js'

/** An image that the command line names. */
export interface ImageFile {
  /** As it is shown. */
  readonly name: string
  /** A path or a URL; a path that is not UTF-8; or the bytes of the image. */
  readonly source: string | { readonly path: Buffer } | { readonly bytes: Buffer }
  /** Whether it is a folder without images. */
  readonly isFolder?: boolean
}

const imageName = /\.(?:avif|bmp|gif|heic|heif|ico|jfif|jp2|jpe?g|p[bgnp]m|png|tiff?|webp)$/i
const slash = 0x2f

/**
 * The images of the arguments: files, URLs, the images of a folder in the order of their names, and '-' for standard input,
 * which has one image, or names of files, one a line. Without arguments standard input is read.
 */
export async function listImages(args: readonly string[], signal: AbortSignal): Promise<ImageFile[]> {
  if (args.length === 0 && process.stdin.isTTY) return []
  const lists = []
  for (const arg of args.length > 0 ? args : ['-'])
    lists.push(arg === '-' ? await fromInput(signal) : await fromPath(rawArgument(arg)))
  return lists.flat()
}

async function fromInput(signal: AbortSignal): Promise<ImageFile[]> {
  const bytes = await readInput(signal)
  // Every image format has a zero byte, and no name of a file has one.
  if (bytes.includes(0)) return [{ name: '-', source: { bytes } }]
  const files = []
  for (const line of splitLines(bytes)) files.push(...(await fromPath(line)))
  return files
}

function splitLines(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1')
  return text
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) => Buffer.from(line, 'latin1'))
}

async function fromPath(path: Buffer): Promise<ImageFile[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return [imageFile(path)]
  const names = await readdir(path, { encoding: 'buffer' }).catch(() => [])
  const images = names.filter((name) => imageName.test(name.toString('latin1'))).sort(Buffer.compare)
  if (images.length === 0) return [{ ...imageFile(path), isFolder: true }]
  const folder = path.at(-1) === slash ? path : Buffer.concat([path, Buffer.from([slash])])
  return images.map((name) => imageFile(Buffer.concat([folder, name])))
}

function imageFile(path: Buffer): ImageFile {
  const text = path.toString('utf8')
  if (Buffer.from(text).equals(path)) return { name: text, source: text }
  return { name: text, source: { path } }
}

/** The bytes of an argument. Node replaces those that are not UTF-8; Linux tells them. */
function rawArgument(arg: string): Buffer {
  if (arg.includes('\ufffd') && process.platform === 'linux') {
    const text = readFileSync('/proc/self/cmdline', 'latin1')
    const raw = text.split('\0').map((part) => Buffer.from(part, 'latin1'))
    const found = raw.find((part) => part.toString('utf8') === arg)
    if (found) return found
  }
  return Buffer.from(arg)
}

/** The image as a pipeline takes it. @throws FILE_NOT_FOUND, INPUT_INVALID */
export async function sourceOf({ name, source, isFolder }: ImageFile): Promise<string | Buffer> {
  if (isFolder)
    throw new SaccadeError(
      'FILE_NOT_FOUND',
      `the folder ${name} has no images (folders in it are not searched)`,
    )
  if (typeof source === 'string') return source
  if ('bytes' in source) return source.bytes
  try {
    if ((await stat(source.path)).isFile()) return await readFile(source.path)
  } catch (cause) {
    throw fileError(name, cause)
  }
  throw new SaccadeError('FILE_NOT_FOUND', `${name} is not a file`)
}
