import { SaccadeError } from '../../errors.js'
import { checkLimit } from '../../limits.js'
import { revisionOf } from './name.js'
import { endpointOf, type HubOptions } from './options.js'
import { type Answer, get } from './request.js'
import { retryAfterOf, TransientError, withRetries } from './retry.js'
import { tokenToSend } from './token.js'

/** What the Hub tells about a file. `gitSha1` is the name of git's blob. */
export interface FileFacts {
  readonly size?: number | undefined
  readonly sha256?: string | undefined
  readonly gitSha1?: string | undefined
}

export interface Listing {
  readonly commit: string
  readonly files: ReadonlyMap<string, FileFacts>
}

/** A revision of a model at an endpoint. */
export class Repository {
  readonly #name: string
  readonly #endpoint: string
  readonly #template: string
  readonly #token: string | undefined
  readonly #signal: AbortSignal
  #revision: string

  private constructor(name: string, options: HubOptions, token: string | undefined, signal: AbortSignal) {
    this.#name = name
    this.#endpoint = endpointOf(options)
    this.#template = options.pathTemplate ?? '{model}/resolve/{revision}/'
    this.#revision = revisionOf(options)
    this.#token = token
    this.#signal = signal
  }

  static async open(name: string, options: HubOptions, signal: AbortSignal): Promise<Repository> {
    return new Repository(name, options, await tokenToSend(options.token), signal)
  }

  /** From now on all is asked from this commit. */
  pin(commit: string): void {
    this.#revision = commit
  }

  /** URL of the folder. */
  get base(): string {
    const path = this.#template
      .replaceAll('{model}', this.#name)
      .replaceAll('{revision}', encodeURIComponent(this.#revision))
    return `${this.#endpoint}/${path.replace(/^\/+|\/+$/g, '')}`
  }

  /**
   * The list of files with their sizes and hashes, and the commit of the revision. Undefined where the endpoint has no such
   * list: a plain file server.
   * @throws FILE_NOT_FOUND for a model or revision that does not exist or needs a token; DOWNLOAD_FAILED
   */
  list(): Promise<Listing | undefined> {
    const url = `${this.#endpoint}/api/models/${this.#name}/revision/${encodeURIComponent(this.#revision)}?blobs=true`
    return this.#get(url, 0, async (answer) => {
      if (answer.status === 404) {
        if (!/^(?:Repo|Revision)NotFound$/.test(answer.headers.get('x-error-code') ?? '')) return undefined
        throw new SaccadeError(
          'FILE_NOT_FOUND',
          `${this.#endpoint} has no model ${this.#name} with a revision ${this.#revision}`,
        )
      }
      const text = await readText(answer, url)
      return parseListing(text, url)
    })
  }

  /**
   * Gets a file and calls `use` with the answer. Undefined if there is no such file.
   * @param start first byte that is asked for
   */
  get<T>(
    file: string,
    start: () => number,
    use: (answer: Answer, url: string) => Promise<T>,
  ): Promise<T | undefined> {
    const url = `${this.base}/${file.split('/').map(encodeURIComponent).join('/')}`
    return withRetries(
      () =>
        this.#once(url, start(), async (answer) => (answer.status === 404 ? undefined : use(answer, url))),
      this.#signal,
    )
  }

  #get<T>(url: string, start: number, use: (answer: Answer) => Promise<T>): Promise<T> {
    return withRetries(() => this.#once(url, start, use), this.#signal)
  }

  #once<T>(url: string, start: number, use: (answer: Answer) => Promise<T>): Promise<T> {
    return get(url, { token: this.#token, start, signal: this.#signal }, async (answer) => {
      const { status } = answer
      if (status === 408 || status === 429 || status >= 500)
        throw new TransientError(`${url} answered ${status}`, { retryAfter: retryAfterOf(answer.headers) })
      if (status === 401 || status === 403) throw this.#refused(url, answer)
      if (![200, 206, 404, 416].includes(status))
        throw new SaccadeError('DOWNLOAD_FAILED', `${url} answered ${status}`)
      return use(answer)
    })
  }

  /** The Hub does not tell models that do not exist from those that the caller may not see. */
  #refused(url: string, { status, headers }: Answer): SaccadeError {
    if (headers.get('x-error-code') === 'GatedRepo' && this.#token !== undefined)
      return new SaccadeError(
        'FILE_NOT_FOUND',
        `${url} answered ${status}: the model is gated, and the account of the token has no access; ask for it at ` +
          `${this.#endpoint}/${this.#name}`,
      )
    const reason =
      this.#token === undefined
        ? 'not public: a token is needed (the option token, or HF_TOKEN in the environment)'
        : 'one that the token that was sent gives no access to'
    return new SaccadeError('FILE_NOT_FOUND', `${url} answered ${status}: no such model, or ${reason}`)
  }
}

async function readText({ body }: Answer, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body()) {
    bytes += chunk.byteLength
    checkLimit('downloadedConfigBytes', bytes, url)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseListing(text: string, url: string): Listing {
  const bad = (expected: string) =>
    new SaccadeError('DOWNLOAD_FAILED', `${url}: expected ${expected}, got another answer`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SaccadeError('DOWNLOAD_FAILED', `${url}: expected JSON, got something else`, { cause })
  }
  const { sha, siblings } = record(value)
  if (typeof sha !== 'string' || !isCommit(sha)) throw bad('the commit of the model')
  if (!Array.isArray(siblings)) throw bad('the list of files of the model')
  const files = new Map<string, FileFacts>()
  for (const sibling of siblings) {
    const { rfilename, size, blobId, lfs } = record(sibling)
    if (typeof rfilename !== 'string') throw bad('names of files')
    const large = record(lfs)
    const facts =
      'sha256' in large ? { size: large.size ?? size, sha256: large.sha256 } : { size, gitSha1: blobId }
    files.set(rfilename, checkedFacts(facts))
  }
  return { commit: sha, files }
}

export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** Facts of which those that have another form are dropped. */
export function checkedFacts(facts: { [Key in keyof FileFacts]: unknown }): FileFacts {
  const { size, sha256, gitSha1 } = facts
  return {
    size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    gitSha1: typeof gitSha1 === 'string' && isCommit(gitSha1) ? gitSha1 : undefined,
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
