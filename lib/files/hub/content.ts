import { type FileHandle, open } from 'node:fs/promises'
import { extname } from 'node:path'
import { checkLimit } from '../../limits.js'

/**
 * What is wrong with a file of which no hash is known, as far as its form tells; undefined if nothing is. Proxies answer
 * with pages of their own, servers with error texts, and both with status 200.
 * @param file name of the file in the model
 */
export async function faultOf(path: string, file: string): Promise<string | undefined> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const start = await read(handle, 0, Math.min(size, 64))
    if (/^\s*<(?:!doctype|html|\?xml)/i.test(start)) return 'a web page'
    switch (extname(file)) {
      case '.json': {
        const end = await read(handle, Math.max(0, size - 64), size)
        return /^\s*(?:\uFEFF|\u00EF\u00BB\u00BF)?\s*[[{]/.test(start) && /[\]}]\s*$/.test(end)
          ? undefined
          : 'something that is not JSON'
      }
      case '.safetensors':
        return await safetensorsFault(handle, size, start, file)
      case '.bin':
      case '.pt':
      case '.pth':
        return start.startsWith('PK\u0003\u0004') || start.startsWith('\u0080')
          ? undefined
          : 'something that is not a PyTorch checkpoint'
      default:
        return undefined
    }
  } finally {
    await handle.close()
  }
}

/** The header tells where the data of each tensor ends; a file that is cut ends before. */
async function safetensorsFault(
  handle: FileHandle,
  size: number,
  start: string,
  file: string,
): Promise<string | undefined> {
  const wrong = 'something that is not a safetensors file'
  if (size < 10 || start[8] !== '{') return wrong
  const header = Number(Buffer.from(start.slice(0, 8), 'latin1').readBigUInt64LE())
  if (8 + header > size) return wrong
  checkLimit('downloadedConfigBytes', header, `the header of ${file}`)
  let end = 0
  for (const [, offset] of (await read(handle, 8, 8 + header)).matchAll(
    /"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d+)\s*\]/g,
  ))
    end = Math.max(end, Number(offset))
  return 8 + header + end === size ? undefined : `${size} bytes of a safetensors file of ${8 + header + end}`
}

/** The bytes [from, to), a character each. */
async function read(handle: FileHandle, from: number, to: number): Promise<string> {
  const bytes = Buffer.alloc(to - from)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
  return bytes.toString('latin1', 0, bytesRead)
}
