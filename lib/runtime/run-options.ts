import { type Precision, precisions } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'

export interface RunOptions {
  /** Stops the run within about 50 ms with code ABORTED. */
  readonly signal?: AbortSignal | undefined
  /** How many threads may work on it; default: one for each core. Results do not depend on it. */
  readonly threads?: number | undefined
  /** How weights of matrix products are stored, and what meets them (compiler/precision.ts). Default float32. */
  readonly precision?: Precision | undefined
}

const mostThreads = 1024

/** @throws OPTION_INVALID naming the option and what it can be */
export function checkRunOptions(options: RunOptions): void {
  const { signal, threads = 0, precision = 'float32' } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    optionInvalid('signal', signal, 'an AbortSignal')
  if (!Number.isInteger(threads) || threads < 0 || threads > mostThreads)
    optionInvalid('threads', threads, `a whole number from 0 (all cores) to ${mostThreads}`)
  if (!precisions.includes(precision))
    optionInvalid('precision', precision, `one of ${precisions.join(', ')}`)
}

/** Throws ABORTED if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

/** Waits for something that goes on without this call, but not past the signal. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  throwIfAborted(signal)
  let onAbort = () => {}
  const fired = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted(signal))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, fired])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function aborted(signal: AbortSignal): SaccadeError {
  return new SaccadeError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}
