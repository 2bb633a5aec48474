import { SaccadeError } from '../../errors.js'
import { downloadTimeout } from './environment.js'
import { TransientError } from './retry.js'

export interface Get {
  /** Sent to the origin of the URL, and not to where it redirects. */
  readonly token?: string | undefined
  /** First byte that is asked for. */
  readonly start?: number
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  /** Headers of the last answer of the URL's own origin: a redirect tells size and hash there. */
  readonly own: Headers
  readonly headers: Headers
  /** Reads the body; a body that stalls is a TransientError. */
  body(): AsyncIterable<Uint8Array>
}

const maxRedirects = 10
const redirects = [301, 302, 303, 307, 308]

/** Fewer bytes than this within the timeout are a stall. */
const fewestBytes = 1024

/**
 * Gets a URL and calls `use` with the answer, whatever its status; what `use` does not read is dropped.
 * @throws DOWNLOAD_FAILED naming the URL, as a TransientError if a further attempt makes sense; what `use` throws. An abort
 *   is for the caller to tell.
 */
export async function get<T>(url: string, request: Get, use: (answer: Answer) => Promise<T>): Promise<T> {
  const watch = new Watch(url)
  try {
    const signal = AbortSignal.any([request.signal, watch.signal])
    const { response, own } = await follow(url, request, signal)
    async function* body() {
      for await (const chunk of response.body ?? []) {
        watch.count(chunk.byteLength)
        yield chunk
      }
    }
    return await use({ status: response.status, own, headers: response.headers, body })
  } catch (cause) {
    if (watch.stalled) throw watch.stalled
    if (cause instanceof SaccadeError) throw cause
    throw failure(url, cause)
  } finally {
    watch.stop()
  }
}

/** Follows redirects one by one: fetch() would not tell the headers of the answers between. */
async function follow(url: string, { token, start = 0 }: Get, signal: AbortSignal) {
  let target = new URL(url)
  const { origin } = target
  let own = new Headers()
  let inside = true
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await fetch(target, {
      redirect: 'manual',
      signal,
      headers: {
        'accept-encoding': 'identity',
        ...(start > 0 && { range: `bytes=${start}-` }),
        ...(token !== undefined && inside && { authorization: `Bearer ${token}` }),
      },
    })
    if (inside) own = response.headers
    const location = response.headers.get('location')
    if (!redirects.includes(response.status) || location === null) return { response, own }
    await response.body?.cancel()
    if (!URL.canParse(location, target.href) || !/^https?:$/.test(new URL(location, target).protocol))
      throw new SaccadeError(
        'DOWNLOAD_FAILED',
        `${url} redirects to something that is not an http or https URL`,
      )
    target = new URL(location, target)
    // Once outside, the token is never sent again, as browsers do it.
    inside &&= target.origin === origin
  }
  throw new SaccadeError('DOWNLOAD_FAILED', `${url} redirects more than ${maxRedirects} times`)
}

/** Ends a request that brings no more than a few bytes within the timeout. */
class Watch {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  #bytes = 0
  stalled: TransientError | undefined

  constructor(url: string) {
    const seconds = downloadTimeout()
    this.#timer = setInterval(() => {
      if (this.#bytes < fewestBytes) {
        const message = `${url} could not be downloaded: ${this.#bytes} bytes came within ${seconds} s`
        this.stalled = new TransientError(message)
        this.#controller.abort()
      }
      this.#bytes = 0
    }, seconds * 1000)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Also closes the connection of an answer that was not read. */
  stop(): void {
    clearInterval(this.#timer)
    this.#controller.abort()
  }
}

/** Codes of connections that broke off, or that were not made in time. An unknown host or a refusal will stay so. */
const transientCodes = [
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
]

/** The cause of the TypeError of fetch has the reason, such as a refused connection or an unknown host. */
function failure(url: string, error: unknown): SaccadeError {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const { message, code, name } =
    cause instanceof Error
      ? (cause as NodeJS.ErrnoException)
      : (new Error(String(cause)) as NodeJS.ErrnoException)
  const text = `${url} could not be downloaded: ${message || code || name}`
  if (transientCodes.includes(code ?? '')) return new TransientError(text, { cause: error })
  return new SaccadeError('DOWNLOAD_FAILED', text, { cause: error })
}
