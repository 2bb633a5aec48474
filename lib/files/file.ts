import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { invalid, SaccadeError } from '../errors.js'

const lfsPointer = 'version https://git-lfs'
/** Short reads are served from a block of this size: the headers of small storages are next to each other. */
const blockBytes = 1 << 16
const shortBytes = 1 << 10

/** What a {@link SourceFile} reads from: an open file. */
export type ByteSource = Pick<FileHandle, 'close'> & {
  read(
    into: Uint8Array,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
}

/**
 * A file that is open for reading at offsets. A read past its end is WEIGHTS_CORRUPT, so that the readers of formats need
 * not check how many bytes were read.
 */
export class SourceFile {
  readonly path: string
  readonly size: number
  readonly #handle: ByteSource
  #block: { readonly start: number; readonly bytes: Uint8Array } | undefined

  /** @param path for errors */
  constructor(path: string, size: number, handle: ByteSource) {
    this.path = path
    this.size = size
    this.#handle = handle
  }

  /** @throws FILE_NOT_FOUND if `path` is not a file that can be read; WEIGHTS_CORRUPT for a Git LFS pointer */
  static async open(path: string): Promise<SourceFile> {
    const { handle, size } = await openFile(path)
    try {
      const file = new SourceFile(path, size, handle)
      if (await file.#isLfsPointer())
        file.corrupt('a Git LFS pointer instead of the weights: fetch them with `git lfs pull`')
      return file
    } catch (cause) {
      await handle.close()
      throw fileError(path, cause)
    }
  }

  /** The bytes [offset, offset + length), not to be changed. @throws WEIGHTS_CORRUPT naming `what` if the file is shorter */
  async read(offset: number, length: number, what: string): Promise<Uint8Array> {
    if (offset < 0 || offset + length > this.size)
      this.corrupt(
        `truncated: ${what} is at bytes ${offset} to ${offset + length}, the file has ${this.size}`,
      )
    if (length > shortBytes) return this.#load(offset, length, what)
    let block = this.#block
    if (!block || offset < block.start || offset + length > block.start + block.bytes.length) {
      const bytes = await this.#load(offset, Math.min(blockBytes, this.size - offset), what)
      block = { start: offset, bytes }
      this.#block = block
    }
    return block.bytes.subarray(offset - block.start, offset - block.start + length)
  }

  async #load(offset: number, length: number, what: string): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) this.corrupt(`${what} ends early: the file was truncated while it was read`)
      done += bytesRead
    }
    return bytes
  }

  corrupt(problem: string): never {
    throw new SaccadeError('WEIGHTS_CORRUPT', `${this.path}: ${problem}`)
  }

  /** A clone of a model's repository without Git LFS has these few lines of text in place of each large file. */
  async #isLfsPointer(): Promise<boolean> {
    const start = await this.read(0, Math.min(lfsPointer.length, this.size), 'the beginning')
    return Buffer.from(start).toString('latin1') === lfsPointer
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** A file that is open for reading. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
}

/** Opens a regular file: a pipe or a device could give bytes without end, or none. @throws FILE_NOT_FOUND */
export async function openFile(path: string): Promise<OpenFile> {
  let handle: FileHandle | undefined
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer, perhaps for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = await handle.stat()
    if (status.isFile()) return { handle, size: status.size }
    throw invalid('FILE_NOT_FOUND', path, 'a file', status.isDirectory() ? 'a folder' : 'a device')
  } catch (cause) {
    await handle?.close()
    throw fileError(path, cause)
  }
}

/** Whether there is a file or folder of that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** An error of node:fs as a SaccadeError; a SaccadeError as it is. */
export function fileError(path: string, cause: unknown): SaccadeError {
  if (cause instanceof SaccadeError) return cause
  const code = (cause as NodeJS.ErrnoException | null)?.code
  const problem =
    code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code ?? cause})`
  return new SaccadeError('FILE_NOT_FOUND', `${path} ${problem}`, { cause })
}
