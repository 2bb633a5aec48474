import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { throwIfAborted, unlessAborted } from '../abort.js'
import { invalid, SaccadeError, shortenMiddle, show } from '../errors.js'
import { checkLimit } from '../limits.js'
import { bytesOf, isBlob, isString, isUrl } from '../values.js'
import { download } from './download.js'
import { formatOf } from './formats/magic.js'

/**
 * Where an encoded image comes from: a path, a URL (file:, data:, http:, https:), the bytes of a file, or these in base64.
 */
export type ImageSource = string | URL | Uint8Array | ArrayBuffer | Blob

const kinds = 'a path, a URL (file:, data:, http:, https:), or the bytes of an image file in base64'
const bytesAtOnce = 2 ** 22
const charsAtOnce = 2 ** 18

/** The image as error messages name it. */
export function nameOf(source: ImageSource): string {
  if (!isString(source) && !isUrl(source)) return 'the image given as bytes'
  const text = String(source)
  return /^data:/i.test(text) ? 'the image of a data: URL' : shortenMiddle(text)
}

/** Whether an image has to be downloaded. */
export function isRemote(source: ImageSource): boolean {
  return (isString(source) || isUrl(source)) && /^https?:/i.test(String(source))
}

/**
 * The bytes of an encoded image.
 * @throws FILE_NOT_FOUND, IMAGE_INVALID, INPUT_INVALID, LIMIT_EXCEEDED, ABORTED
 */
export async function readSource(source: ImageSource, signal: AbortSignal | undefined): Promise<Buffer> {
  const name = nameOf(source)
  throwIfAborted(signal)
  const bytes = bytesOf(source)
  if (bytes) {
    checkLimit('imageBytes', bytes.byteLength, `${name}: bytes`)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  if (isBlob(source)) {
    checkLimit('imageBytes', source.size, `${name}: bytes`)
    return Buffer.from(await unlessAborted(source.arrayBuffer(), signal))
  }
  if (!isString(source) && !isUrl(source))
    throw invalid('INPUT_INVALID', 'image', `${kinds}, bytes, a Blob or a RawImage`, show(source))
  const text = String(source)
  if (/^data:/i.test(text)) return fromDataUrl(text, name, signal)
  if (isRemote(text)) return download(text, name, signal)
  return readImageFile(text, name, signal)
}

async function readImageFile(text: string, name: string, signal: AbortSignal | undefined): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer, perhaps for ever.
    handle = await open(pathOf(text, name), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = await handle.stat()
    if (!status.isFile())
      throw invalid(
        'FILE_NOT_FOUND',
        name,
        'a file',
        status.isDirectory() ? 'a folder' : 'a device or a pipe',
      )
    checkLimit('imageBytes', status.size, `${name}: bytes`)
    const bytes = Buffer.allocUnsafe(status.size)
    let done = 0
    for (let read = 1; done < bytes.length && read > 0; done += read) {
      throwIfAborted(signal)
      read = (await handle.read(bytes, done, Math.min(bytesAtOnce, bytes.length - done), done)).bytesRead
    }
    return bytes.subarray(0, done)
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (
      code !== 'ENOENT' &&
      code !== 'ENOTDIR' &&
      code !== 'ENAMETOOLONG' &&
      code !== 'ERR_INVALID_ARG_VALUE'
    )
      throw new SaccadeError('FILE_NOT_FOUND', `${name} cannot be read (${code ?? firstLine(cause)})`, {
        cause,
      })
    if (isBase64Image(text)) return decodeText(text, 'base64', name, signal)
    throw new SaccadeError(
      'FILE_NOT_FOUND',
      `there is no image ${name === '' ? "''" : name}; a string can be ${kinds}`,
      { cause },
    )
  } finally {
    await handle?.close()
  }
}

function pathOf(text: string, name: string): string {
  if (!/^file:/i.test(text)) return text
  try {
    return fileURLToPath(text)
  } catch (cause) {
    throw invalid('INPUT_INVALID', 'image', 'the URL of a local file', show(name), { cause })
  }
}

/** The forms of RFC 2397: base64, or bytes as percent escapes. */
async function fromDataUrl(text: string, name: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const comma = text.indexOf(',')
  if (comma < 0) throw new SaccadeError('IMAGE_INVALID', `${name}: a comma before the data is missing`)
  const encoding = /;\s*base64\s*$/i.test(text.slice(0, comma)) ? 'base64' : 'latin1'
  return decodeText(text.slice(comma + 1), encoding, name, signal)
}

/** Bytes that are text, with percent escapes. Decoded in slices: a long text would stop the event loop. */
async function decodeText(
  text: string,
  encoding: 'base64' | 'latin1',
  name: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const most = encoding === 'base64' ? Math.ceil((text.length * 3) / 4) : text.length
  checkLimit('imageBytes', most, `${name}: bytes`)
  const bytes = Buffer.allocUnsafe(most)
  let written = 0
  let escaped = ''
  let plain = ''
  for (let at = 0; at < text.length; at += charsAtOnce) {
    const last = at + charsAtOnce >= text.length
    escaped += text.slice(at, at + charsAtOnce)
    // An escape, or four characters of base64, can be divided between two slices.
    const end = last ? escaped.length : escaped.length - (/%[0-9a-f]?$/i.exec(escaped)?.[0].length ?? 0)
    plain += escaped.slice(0, end).replace(/%([0-9a-f]{2})/gi, (_, digits: string) => {
      return String.fromCharCode(Number.parseInt(digits, 16))
    })
    escaped = escaped.slice(end)
    if (encoding === 'base64') plain = plain.replace(/\s/g, '')
    const whole = last || encoding === 'latin1' ? plain.length : plain.length - (plain.length % 4)
    written += bytes.write(plain.slice(0, whole), written, encoding)
    plain = plain.slice(whole)
    await setImmediate()
    throwIfAborted(signal)
  }
  return bytes.subarray(0, written)
}

/** Whether a text that is no path is an image file in base64. */
function isBase64Image(text: string): boolean {
  const start = text.slice(0, 256)
  return /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(start) && formatOf(Buffer.from(start, 'base64')) !== undefined
}

/** The libraries that read and decode images add further lines, of no use to the caller. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
