import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SaccadeError } from '../../errors.js'
import { checkLimit } from '../../limits.js'
import { digestFile, isTheFile } from './digest.js'
import { checkedFacts, type FileFacts, isCommit, type Listing } from './listing.js'
import { type CachedModel, type FileRecord, writeMark } from './mark.js'
import { cacheFolder, checkInside, modelFolder } from './name.js'
import type { HubOptions, ProgressCallback } from './options.js'
import { Repository } from './repository.js'
import type { Answer } from './request.js'
import { TransientError } from './retry.js'
import { Transfer } from './transfer.js'

/** The download of a model: all its files are from one commit, if the endpoint tells commits. */
export class Download {
  readonly #name: string
  readonly #options: HubOptions
  readonly #repository: Repository
  readonly #listing: Listing | undefined
  readonly #cached: CachedModel | undefined
  readonly #records = new Map<string, FileRecord>()
  #commit: string | undefined

  private constructor(
    name: string,
    options: HubOptions,
    repository: Repository,
    listing: Listing | undefined,
    cached: CachedModel | undefined,
  ) {
    this.#name = name
    this.#options = options
    this.#repository = repository
    this.#listing = listing
    this.#cached = cached
    if (listing) this.#pin(listing.commit)
  }

  /** @param cached what the cache has: its damaged files are replaced by those of its commit */
  static async begin(
    name: string,
    options: HubOptions,
    cached: CachedModel | undefined,
    signal: AbortSignal,
  ) {
    const repository = await Repository.open(name, options, signal)
    if (cached?.mark.commit !== undefined) repository.pin(cached.mark.commit)
    return new Download(name, options, repository, await repository.list(), cached)
  }

  /** Where the files are. */
  get dir(): string {
    if (this.#commit === undefined) return cacheFolder(this.#name, this.#options)
    return join(modelFolder(this.#name, this.#options), this.#commit)
  }

  /** Names of the files in a folder of the model ('' or 'folder/'); undefined if the endpoint has no list. */
  namesIn(folder: string): string[] | undefined {
    if (!this.#listing) return undefined
    const inside = [...this.#listing.files.keys()].filter((path) => path.startsWith(folder))
    return inside.map((path) => path.slice(folder.length)).filter((name) => !name.includes('/'))
  }

  notFound(files: readonly string[]): SaccadeError {
    return new SaccadeError('FILE_NOT_FOUND', `${this.#repository.base} has no ${files.join(' and no ')}`)
  }

  /** Gets the first of the files that the model has. */
  async first(files: readonly string[]): Promise<string | undefined> {
    for (const file of files) if (await this.get(file)) return file
    return undefined
  }

  /** Gets a file, unless the cache has it; false if the model does not have it. */
  async get(file: string): Promise<boolean> {
    if (this.#records.has(file)) return true
    if (this.#listing && !this.#listing.files.has(file)) return false
    checkInside(file, this.#repository.base)
    checkLimit('downloadedFiles', this.#records.size + 1, this.#repository.base)
    const facts = this.#listing?.files.get(file) ?? {}
    const record = (await this.#kept(file, facts)) ?? (await this.#fetch(file, facts))
    if (record) this.#records.set(file, record)
    return record !== undefined
  }

  /** Marks the folder as complete. */
  async complete(hasWeights: boolean): Promise<void> {
    const files = Object.fromEntries(this.#records)
    const mark = { name: this.#name, commit: this.#commit, hasWeights, files }
    await writeMark(this.dir, mark, this.#options)
  }

  /** The file in the cache, if it is the one of the facts. */
  async #kept(file: string, facts: FileFacts): Promise<FileRecord | undefined> {
    const { dir, mark, damaged = [] } = this.#cached ?? {}
    if (dir === this.dir && mark?.files[file] && !damaged.includes(file)) return mark.files[file]
    const path = join(this.dir, file)
    if (!(await isTheFile(path, facts))) return undefined
    const { size, mtimeMs } = await stat(path)
    return { size, mtimeMs, sha256: facts.sha256 ?? (await digestFile(path)) }
  }

  async #fetch(file: string, facts: FileFacts): Promise<FileRecord | undefined> {
    const progress: ProgressCallback = this.#options.progress ?? (() => {})
    const transfer = new Transfer(this.#name, file, facts, progress)
    const receive = async (answer: Answer, url: string) => {
      const told = this.#readHeaders(answer.own, url)
      // Without a list, the headers are the first to tell the hash.
      return (await this.#kept(file, told)) ?? (await transfer.receive(answer, url, this.dir, told))
    }
    try {
      return await this.#repository.get(file, () => transfer.start, receive)
    } finally {
      await transfer.discard()
    }
  }

  /** What the Hub's headers tell of a file. Other servers have entity tags, too, which are no hashes of git. */
  #readHeaders(headers: Headers, url: string): FileFacts {
    const commit = headers.get('x-repo-commit')
    if (commit !== null && isCommit(commit)) this.#pin(commit, url)
    const linked = headers.get('x-linked-etag')
    const tag = (linked ?? headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '')
    const size = headers.get('x-linked-size')
    return checkedFacts({
      size: size === null ? undefined : Number(size),
      sha256: linked === null ? undefined : tag,
      gitSha1: commit === null ? undefined : tag,
    })
  }

  #pin(commit: string, url = this.#repository.base): void {
    if (this.#commit === commit) return
    if (this.#commit !== undefined)
      throw new TransientError(`${url}: expected a file of commit ${this.#commit}, got one of ${commit}`)
    this.#commit = commit
    this.#repository.pin(commit)
  }
}
