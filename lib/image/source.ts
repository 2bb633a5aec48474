import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { abortable } from '../abort.js'
import { invalid, SaccadeError, show } from '../errors.js'
import { bytesOf, isBlob, isString, isUrl } from '../values.js'

/** Where an encoded image comes from: a path, a URL (file:, data:, http:, https:), or the bytes of a file. */
export type ImageSource = string | URL | Uint8Array | ArrayBuffer | Blob

/** The image as error messages name it. */
export function nameOf(source: ImageSource): string {
  if (!isString(source) && !isUrl(source)) return 'the image given as bytes'
  const text = String(source)
  return text.startsWith('data:') ? 'the image of a data: URL' : text
}

/** The bytes of an encoded image. @throws FILE_NOT_FOUND, IMAGE_INVALID, INPUT_INVALID, ABORTED */
export async function readSource(source: ImageSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = bytesOf(source)
  if (bytes) return bytes
  if (isBlob(source)) return new Uint8Array(await source.arrayBuffer())
  if (!isString(source) && !isUrl(source))
    throw invalid('INPUT_INVALID', 'image', 'a path, a URL, bytes or a RawImage', show(source))
  const text = String(source)
  const name = nameOf(source)
  if (/^(https?|data):/i.test(text)) return download(text, name, signal)
  try {
    const path = text.startsWith('file:') ? fileURLToPath(text) : text
    return await abortable(signal, (own) => readFile(path, { signal: own }))
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new SaccadeError('FILE_NOT_FOUND', `the image ${name} does not exist`, { cause })
    throw new SaccadeError('IMAGE_INVALID', `${name} cannot be read: ${firstLine(cause)}`, { cause })
  }
}

async function download(url: string, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const failed = (reason: string, cause?: unknown) =>
    new SaccadeError('FILE_NOT_FOUND', `${name} cannot be downloaded: ${reason}`, { cause })
  try {
    return await abortable(signal, async (own) => {
      const response = await fetch(url, own ? { signal: own } : {})
      if (!response.ok) throw failed(`${response.status} ${response.statusText}`)
      return new Uint8Array(await response.arrayBuffer())
    })
  } catch (cause) {
    if (cause instanceof SaccadeError) throw cause
    throw failed(firstLine(cause), cause)
  }
}

/** The libraries that read and decode images add further lines, of no use to the caller. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
