import { throwIfAborted } from '../abort.js'
import { invalid, SaccadeError } from '../errors.js'
import { checkLimit, getLimits } from '../limits.js'

/**
 * The bytes that a URL answers with. Bounded in bytes, time and redirects.
 * @throws FILE_NOT_FOUND with the reason; LIMIT_EXCEEDED; ABORTED
 */
export async function download(url: string, name: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const { imageSeconds } = getLimits()
  const timeout = new AbortController()
  const stop = () => timeout.abort()
  const timer = imageSeconds < 2 ** 31 / 1000 ? setTimeout(stop, imageSeconds * 1000) : undefined
  signal?.addEventListener('abort', stop)
  try {
    throwIfAborted(signal)
    return await readBody(await request(url, name, timeout.signal), name)
  } catch (cause) {
    throwIfAborted(signal)
    if (timeout.signal.aborted)
      throw invalid(
        'LIMIT_EXCEEDED',
        `${name}: download`,
        `at most ${imageSeconds} seconds (limit 'imageSeconds')`,
        'more',
      )
    if (cause instanceof SaccadeError) throw cause
    throw failed(name, reasonOf(cause), cause)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function request(url: string, name: string, signal: AbortSignal): Promise<Response> {
  let address = new URL(url)
  for (let redirects = 0; ; redirects++) {
    checkLimit('imageRedirects', redirects, `${name}: redirects`)
    const response = await fetch(address, { signal, redirect: 'manual' })
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      address = new URL(location, address)
      if (address.protocol !== 'http:' && address.protocol !== 'https:')
        throw failed(name, `a redirect to a ${address.protocol} URL`)
    } else if (response.ok) return response
    else {
      await response.body?.cancel()
      throw failed(name, `${response.status} ${response.statusText}`.trim())
    }
  }
}

async function readBody(response: Response, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.byteLength
    checkLimit('imageBytes', length, `${name}: bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function failed(name: string, reason: string, cause?: unknown): SaccadeError {
  return new SaccadeError(
    'FILE_NOT_FOUND',
    `${name} cannot be downloaded: ${reason}`,
    cause === undefined ? {} : { cause },
  )
}

/** fetch() says no more than "fetch failed"; its causes say why, and have codes such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  const reasons: string[] = []
  for (let one = error; one instanceof Error && reasons.length < 3; one = one.cause) {
    const code = (one as NodeJS.ErrnoException).code
    reasons.push(typeof code === 'string' ? code : one.message.split('\n')[0]!.slice(0, 100))
  }
  return reasons.join(': ')
}
