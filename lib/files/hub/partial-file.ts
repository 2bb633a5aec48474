import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { cacheError, unfinishedPath } from './disk.js'
import type { FileRecord } from './mark.js'

/** A file that has another name until it is complete. Errors of the disk are CACHE_UNWRITABLE. */
export class PartialFile {
  readonly path: string
  readonly #target: string
  #handle: FileHandle
  #hash = createHash('sha256')
  size = 0

  private constructor(target: string, path: string, handle: FileHandle) {
    this.#target = target
    this.path = path
    this.#handle = handle
  }

  static async create(target: string): Promise<PartialFile> {
    const path = unfinishedPath(target)
    try {
      return new PartialFile(target, path, await open(path, 'wx'))
    } catch (cause) {
      throw cacheError(path, cause)
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#guard(() => this.#handle.writeFile(chunk))
    this.#hash.update(chunk)
    this.size += chunk.byteLength
  }

  async restart(): Promise<void> {
    await this.#guard(async () => {
      await this.#handle.close()
      this.#handle = await open(this.path, 'w')
    })
    this.#hash = createHash('sha256')
    this.size = 0
  }

  /** Hash of what was written; nothing can be written after it. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  /** Gives the file its name, when its bytes are on the disk: a power cut must not leave a name without them. */
  async complete(sha256: string): Promise<FileRecord> {
    return this.#guard(async () => {
      await this.#handle.datasync()
      await this.#handle.close()
      await rename(this.path, this.#target)
      const { size, mtimeMs } = await stat(this.#target)
      return { size, mtimeMs, sha256 }
    })
  }

  /** Removes the file, unless it is complete. */
  async discard(): Promise<void> {
    await this.#handle.close()
    await rm(this.path, { force: true })
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw cacheError(this.path, cause)
    }
  }
}
