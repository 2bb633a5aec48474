import { SaccadeError } from '../../errors.js'
import { checkLimit } from '../../limits.js'
import { type Listing, nextPage, parseListing } from './listing.js'
import { revisionOf } from './name.js'
import { endpointOf, type HubOptions } from './options.js'
import { type Answer, get } from './request.js'
import { retryAfterOf, TransientError, withRetries } from './retry.js'
import { tokenToSend } from './token.js'

interface ListPage {
  readonly listing: Listing
  readonly next: string | undefined
  /** Of this page and those before it. */
  readonly bytes: number
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
   * @throws FILE_NOT_FOUND for a model or revision that does not exist or needs a token; DOWNLOAD_FAILED; LIMIT_EXCEEDED
   */
  async list(): Promise<Listing | undefined> {
    const url = `${this.#endpoint}/api/models/${this.#name}/revision/${encodeURIComponent(this.#revision)}?blobs=true`
    const first = await this.#page(url, 0)
    if (!first) return undefined
    const { commit } = first.listing
    const files = new Map(first.listing.files)
    let { next, bytes } = first
    for (let pages = 2; next !== undefined; pages++) {
      checkLimit('listPages', pages, url)
      const page = await this.#page(next, bytes)
      if (page?.listing.commit !== commit)
        throw new SaccadeError('DOWNLOAD_FAILED', `${next}: expected a page of the list of commit ${commit}`)
      for (const [name, facts] of page.listing.files) files.set(name, facts)
      ;({ next, bytes } = page)
    }
    return { commit, files }
  }

  /**
   * A page of the list, and the URL of the next one, which a server may tell in a Link header.
   * @param before bytes of the pages before it
   */
  #page(url: string, before: number): Promise<ListPage | undefined> {
    return this.#get(url, 0, async (answer) => {
      if (answer.status === 404) {
        if (!/^(?:Repo|Revision)NotFound$/.test(answer.headers.get('x-error-code') ?? '')) return undefined
        throw new SaccadeError(
          'FILE_NOT_FOUND',
          `${this.#endpoint} has no model ${this.#name} with a revision ${this.#revision}`,
        )
      }
      const content = await readAll(answer, url, before)
      return {
        listing: parseListing(content.toString('utf8'), url),
        next: nextPage(answer.headers.get('link') ?? '', url),
        bytes: before + content.length,
      }
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

async function readAll({ body }: Answer, url: string, before: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = before
  for await (const chunk of body()) {
    bytes += chunk.byteLength
    checkLimit('downloadedConfigBytes', bytes, url)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
