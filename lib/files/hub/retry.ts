import { setTimeout as sleep } from 'node:timers/promises'
import { SaccadeError } from '../../errors.js'

/** A failure that the next attempt may not meet: a dropped connection, an error of the server, too many requests. */
export class TransientError extends SaccadeError {
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    { cause, retryAfter }: { cause?: unknown; retryAfter?: number | undefined } = {},
  ) {
    super('DOWNLOAD_FAILED', message, { cause })
    this.retryAfter = retryAfter
  }
}

/** Seconds to wait before each further attempt. */
const waits = [0.5, 1, 2, 4]

/** A server that asks to wait longer than this is given up. */
const longestWait = 60

/** Calls `attempt` until it does not fail with a TransientError, five times at most. The waits end when the signal fires. */
export async function withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (const wait of waits) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof TransientError) || signal?.aborted) throw error
      const { retryAfter = wait, message } = error
      if (retryAfter > longestWait)
        throw new SaccadeError('DOWNLOAD_FAILED', `${message}; it asks to wait ${retryAfter} s`, {
          cause: error,
        })
      await sleep(retryAfter * 1000, undefined, signal ? { signal } : {})
    }
  }
  return attempt()
}

/** Retry-After in seconds or as a date, or the reset time of the RateLimit header. */
export function retryAfterOf(headers: Headers): number | undefined {
  const limit = /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
  if (limit !== undefined) return Number(limit)
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000)
}
