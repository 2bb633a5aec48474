import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { abortError } from '../abort.js'
import { SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'
import { exists } from './file.js'
import { weightFileNames } from './find.js'
import { readShardIndex } from './shard-index.js'

/** Argument of a progress callback, in the form of transformers.js. `name` is the model. */
export type ProgressInfo =
  | { status: 'initiate' | 'download' | 'done'; name: string; file: string }
  | { status: 'progress'; name: string; file: string; progress: number; loaded: number; total: number }
  | { status: 'ready'; task: string; model: string }

export type ProgressCallback = (info: ProgressInfo) => void

export interface HubOptions {
  /** A branch, tag or commit; default 'main'. */
  readonly revision?: string | undefined
  /** Default: the environment's HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string | undefined
  /** Default: saccade/ in the environment's HF_HOME, or ~/.cache/saccade. */
  readonly cacheDir?: string | undefined
  /** Do not download. Default: whether the environment has HF_HUB_OFFLINE=1. */
  readonly localFilesOnly?: boolean | undefined
  readonly progress?: ProgressCallback | undefined
  readonly signal?: AbortSignal | undefined
}

const configFileNames = ['config.json', 'open_clip_config.json']

/** Optional files of a model. */
const sideFileNames = [
  'preprocessor_config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'source.spm',
  'target.spm',
  'spiece.model',
]

/** Written last: a folder of the cache with this file is complete. */
const completeMark = '.complete.json'

const progressBytes = 1 << 18

/** Whether a name has the form of a model on the Hub: organisation or user, slash, model. */
export function isHubName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name) && !name.includes('..')
}

export function isOffline(options: HubOptions): boolean {
  return options.localFilesOnly ?? process.env.HF_HUB_OFFLINE === '1'
}

/** The folder of a model in the cache, whether it exists or not. @throws OPTION_INVALID for a bad revision */
export function cacheFolder(name: string, options: HubOptions = {}): string {
  const revision = options.revision ?? 'main'
  if (!/^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(revision) || revision.includes('..'))
    optionInvalid('revision', revision, 'the name of a branch, a tag or a commit')
  const home = process.env.HF_HOME
  const cache = options.cacheDir ?? (home ? join(home, 'saccade') : join(homedir(), '.cache', 'saccade'))
  return join(cache, ...name.split('/'), encodeURIComponent(revision))
}

/** Whether the cache has all files of the model. */
export async function isCached(name: string, options: HubOptions = {}): Promise<boolean> {
  return exists(join(cacheFolder(name, options), completeMark))
}

/**
 * Downloads a model from the Hub to the cache, unless it is there, and returns its folder. A file has a temporary name
 * until it is complete, so that a failed download leaves no partial file. A model in the cache is not updated: delete its
 * folder to get a newer version.
 *
 * @throws FILE_NOT_FOUND naming the URL: it does not exist, is not public, or the download failed; ABORTED
 */
export async function fetchModel(name: string, options: HubOptions = {}): Promise<string> {
  const dir = cacheFolder(name, options)
  if (await isCached(name, options)) return dir
  try {
    await mkdir(dir, { recursive: true })
  } catch (cause) {
    throw new SaccadeError('FILE_NOT_FOUND', `the folder ${dir} cannot be made: ${reasonOf(cause)}`, {
      cause,
    })
  }
  const download = new Download(name, dir, options)

  const configs = []
  for (const file of configFileNames) if (await download.get(file)) configs.push(file)
  if (configs.length === 0) throw download.notFound(configFileNames)
  const weights = await download.first(weightFileNames)
  if (weights.endsWith('.index.json')) {
    const { shards } = await readShardIndex(dir, weights)
    for (const shard of shards) if (!(await download.get(shard))) throw download.notFound([shard])
  }
  for (const file of sideFileNames) await download.get(file)
  await writeFile(join(dir, completeMark), JSON.stringify({ name, revision: options.revision ?? 'main' }))
  return dir
}

class Download {
  readonly #name: string
  readonly #dir: string
  readonly #base: string
  readonly #options: HubOptions

  constructor(name: string, dir: string, options: HubOptions) {
    this.#name = name
    this.#dir = dir
    const endpoint = (options.endpoint ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')).replace(
      /\/+$/,
      '',
    )
    this.#base = `${endpoint}/${name}/resolve/${encodeURIComponent(options.revision ?? 'main')}`
    this.#options = options
  }

  notFound(files: readonly string[]): SaccadeError {
    return new SaccadeError('FILE_NOT_FOUND', `${this.#base} has no ${files.join(' and no ')}`)
  }

  /** Downloads the first of the files that the model has. */
  async first(files: readonly string[]): Promise<string> {
    for (const file of files) if (await this.get(file)) return file
    throw this.notFound(files)
  }

  /** Downloads a file unless the folder has it; false if the model does not have it. */
  async get(file: string): Promise<boolean> {
    const target = join(this.#dir, file)
    if (await exists(target)) return true
    const url = `${this.#base}/${file}`
    const { signal, progress } = this.#options
    try {
      const response = await fetch(url, {
        signal: signal ?? null,
        headers: { 'accept-encoding': 'identity' },
      })
      if (response.status === 404) {
        await response.body?.cancel()
        return false
      }
      if (!response.ok || !response.body) {
        await response.body?.cancel()
        const hint =
          response.status === 401 || response.status === 403 ? ' (no such model, or not public)' : ''
        throw new SaccadeError('FILE_NOT_FOUND', `${url} answered ${response.status}${hint}`)
      }
      progress?.({ status: 'initiate', name: this.#name, file })
      await this.#save(response, response.body, file, target)
      progress?.({ status: 'done', name: this.#name, file })
      return true
    } catch (cause) {
      if (signal?.aborted) throw abortError(signal)
      if (cause instanceof SaccadeError) throw cause
      throw new SaccadeError('FILE_NOT_FOUND', `${url} could not be downloaded: ${reasonOf(cause)}`, {
        cause,
      })
    }
  }

  async #save(
    response: Response,
    body: NonNullable<Response['body']>,
    file: string,
    target: string,
  ): Promise<void> {
    const { signal, progress } = this.#options
    const name = this.#name
    const encoded = response.headers.has('content-encoding')
    const total = encoded ? 0 : Number(response.headers.get('content-length') ?? 0)
    let loaded = 0
    let reported = 0
    progress?.({ status: 'download', name, file })
    const report = () => {
      reported = loaded
      progress?.({
        status: 'progress',
        name,
        file,
        progress: total ? (100 * loaded) / total : 0,
        loaded,
        total,
      })
    }
    async function* counted(source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        loaded += chunk.byteLength
        if (loaded - reported >= progressBytes) report()
        yield chunk
      }
    }
    const unfinished = `${target}.${randomUUID()}.incomplete`
    try {
      await pipeline(Readable.fromWeb(body), counted, createWriteStream(unfinished), signal ? { signal } : {})
      if (total > 0 && loaded !== total) throw new Error(`got ${loaded} of ${total} bytes`)
      report()
      await rename(unfinished, target)
    } finally {
      await rm(unfinished, { force: true })
    }
  }
}

/** The cause of the TypeError of fetch has the reason, such as a refused connection or an unknown host. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error ? (error.cause ?? error) : error
  return inner instanceof Error
    ? inner.message || (inner as NodeJS.ErrnoException).code || inner.name
    : String(inner)
}
