import { join } from 'node:path'
import { SaccadeError } from '../../errors.js'
import { checkLimit } from '../../limits.js'
import { isWeightsFile } from '../find.js'
import { faultOf } from './content.js'
import { digestFile, gitHash } from './digest.js'
import { checkFreeSpace, freeBytes, makeFolder } from './disk.js'
import type { FileFacts } from './listing.js'
import type { FileRecord } from './mark.js'
import type { ProgressCallback } from './options.js'
import { PartialFile } from './partial-file.js'
import type { Answer } from './request.js'
import { TransientError } from './retry.js'

const progressBytes = 1 << 18

/** The download of one file, in one attempt or several. */
export class Transfer {
  readonly #model: string
  readonly #file: string
  readonly #progress: ProgressCallback
  #facts: FileFacts
  #partial: PartialFile | undefined

  /** @param facts what the list of files tells */
  constructor(model: string, file: string, facts: FileFacts, progress: ProgressCallback) {
    this.#model = model
    this.#file = file
    this.#facts = facts
    this.#progress = progress
  }

  /** First byte to ask for. A file is continued only if its hash will tell whether the parts fit. */
  get start(): number {
    return this.#hasHash ? (this.#partial?.size ?? 0) : 0
  }

  get #hasHash(): boolean {
    return this.#facts.sha256 !== undefined || this.#facts.gitSha1 !== undefined
  }

  /**
   * Writes the file from an answer to a request from `start`, checks it and gives it its name.
   * @param told what the headers tell
   * @throws DOWNLOAD_FAILED for a body that is not the file; CACHE_UNWRITABLE; LIMIT_EXCEEDED
   */
  async receive(answer: Answer, url: string, dir: string, told: FileFacts): Promise<FileRecord> {
    this.#facts = { ...told, ...defined(this.#facts) }
    if (!this.#partial) {
      this.#progress({ status: 'initiate', name: this.#model, file: this.#file })
      await makeFolder(dir, this.#file)
      this.#partial = await PartialFile.create(join(dir, this.#file))
      this.#progress({ status: 'download', name: this.#model, file: this.#file })
    }
    const partial = this.#partial
    await this.#seek(partial, answer, url)
    const size = this.#sizeOf(answer, partial.size, url)
    this.#checkLimit(size ?? 0, url)
    if (size !== undefined) await checkFreeSpace(dir, size - partial.size, url)
    // A body of unknown length must not fill the disk.
    const most = size ?? (await freeBytes(dir)) / 2
    let reported = partial.size
    for await (const chunk of answer.body()) {
      const loaded = partial.size + chunk.byteLength
      this.#checkLimit(loaded, url)
      if (loaded > most) throw wrong(url, `${Math.floor(most)} bytes`, 'more')
      await partial.write(chunk)
      if (loaded - reported < progressBytes) continue
      reported = loaded
      this.#report(loaded, size)
    }
    if (size !== undefined && partial.size !== size)
      throw wrong(url, `${size} bytes`, `${partial.size} bytes`)
    const sha256 = await this.#check(partial, url)
    this.#report(partial.size, size)
    const record = await partial.complete(sha256)
    this.#progress({ status: 'done', name: this.#model, file: this.#file })
    return record
  }

  /** Leaves no partial file. */
  async discard(): Promise<void> {
    await this.#partial?.discard()
  }

  /** Goes to the byte at which the answer begins. */
  async #seek(partial: PartialFile, { status, headers }: Answer, url: string): Promise<void> {
    const range = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]
    const start = status === 200 ? 0 : Number(range)
    if (start === partial.size) return
    await partial.restart()
    if (start !== 0) throw new TransientError(`${url} answered ${status} with another range`)
  }

  /** Size of the whole file, if the list or the headers tell it. */
  #sizeOf({ headers }: Answer, start: number, url: string): number | undefined {
    const { size } = this.#facts
    // Of a part, the length is not that of the file, whether a part was asked for or not.
    const whole = /^bytes \d+-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
    const length = headers.get('content-length')
    // With an encoding it is the length of the encoded body.
    if (length === null || !/^\d+$/.test(length) || headers.has('content-encoding')) return size
    const declared = whole === undefined ? start + Number(length) : Number(whole)
    if (size !== undefined && size !== declared) throw wrong(url, `${size} bytes`, `${declared} bytes`)
    return declared
  }

  #checkLimit(bytes: number, url: string): void {
    const weights = isWeightsFile(this.#file) && !this.#file.endsWith('.json')
    checkLimit(weights ? 'downloadedWeightsBytes' : 'downloadedConfigBytes', bytes, url)
  }

  /** @returns the SHA-256 hash */
  async #check(partial: PartialFile, url: string): Promise<string> {
    const { sha256, gitSha1 } = this.#facts
    const got = partial.digest()
    if (sha256 !== undefined) {
      if (got !== sha256) throw wrong(url, `the SHA-256 hash ${sha256}`, got)
    } else if (gitSha1 !== undefined) {
      const blob = await digestFile(partial.path, gitHash(partial.size))
      if (blob !== gitSha1) throw wrong(url, `the git hash ${gitSha1}`, blob)
    } else {
      const fault = await faultOf(partial.path, this.#file)
      if (fault) throw wrong(url, 'the file', fault)
    }
    return got
  }

  #report(loaded: number, total = 0): void {
    const progress = total ? (100 * loaded) / total : 0
    this.#progress({ status: 'progress', name: this.#model, file: this.#file, progress, loaded, total })
  }
}

function wrong(url: string, expected: string, got: string): SaccadeError {
  return new SaccadeError('DOWNLOAD_FAILED', `${url}: expected ${expected}, got ${got}`)
}

/** The facts without those that are undefined. */
function defined(facts: FileFacts): FileFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
