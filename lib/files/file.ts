import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { SaccadeError } from '../errors.js'

const lfsPointer = 'version https://git-lfs'

/**
 * A file open for reading at positions. A read past its end is WEIGHTS_CORRUPT, so that the readers of formats
 * need not look at how much came back.
 */
export class SourceFile {
  readonly path: string
  readonly size: number
  readonly #handle: FileHandle

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path
    this.size = size
    this.#handle = handle
  }

  /** @throws FILE_NOT_FOUND when `path` is not a file that can be read */
  static async open(path: string): Promise<SourceFile> {
    let handle: FileHandle | undefined
    try {
      // Without O_NONBLOCK, opening a named pipe waits for a writer that may never come.
      handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
      const status = await handle.stat()
      if (!status.isFile()) throw new SaccadeError('FILE_NOT_FOUND', `${path} is not a file`)
      const file = new SourceFile(path, status.size, handle)
      if (await file.#isLfsPointer())
        file.corrupt('a Git LFS pointer, which stands for the weights: fetch them with `git lfs pull`')
      return file
    } catch (cause) {
      await handle?.close()
      throw fileError(path, cause)
    }
  }

  /** The bytes [offset, offset + length). @throws WEIGHTS_CORRUPT, naming `what`, when they are not all there */
  async read(offset: number, length: number, what: string): Promise<Uint8Array> {
    if (offset < 0 || offset + length > this.size)
      this.corrupt(`${what} would be bytes ${offset} to ${offset + length}, the file has ${this.size}`)
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) this.corrupt(`${what} ends early: the file shrank while it was read`)
      done += bytesRead
    }
    return bytes
  }

  corrupt(problem: string): never {
    throw new SaccadeError('WEIGHTS_CORRUPT', `${this.path}: ${problem}`)
  }

  /** Cloning a model's repository without Git LFS leaves these few lines of text in place of each large file. */
  async #isLfsPointer(): Promise<boolean> {
    const start = await this.read(0, Math.min(lfsPointer.length, this.size), 'the beginning')
    return Buffer.from(start).toString('latin1') === lfsPointer
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Whether there is a file or folder of that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Turns an error of node:fs into one of ours; leaves ours as they are. */
export function fileError(path: string, cause: unknown): SaccadeError {
  if (cause instanceof SaccadeError) return cause
  const code = (cause as NodeJS.ErrnoException | null)?.code
  const problem =
    code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code ?? cause})`
  return new SaccadeError('FILE_NOT_FOUND', `${path} ${problem}`, { cause })
}
