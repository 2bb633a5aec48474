import { SaccadeError } from '../errors.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { SessionRequest } from './session.js'

/**
 * Options of a computation. Device, dtype and threads default to those that the data was computed with: a computation on
 * a model's results runs as the model does. For data of several models these are float32 and the larger number of
 * threads where they differ, and an error (DEVICE_MISMATCH) for different devices.
 */
export interface RunOptions extends SessionRequest {
  /** Stops the run within about 50 ms with code ABORTED. Results do not carry it: pass it to every call. */
  readonly signal?: AbortSignal | undefined
}

const names = ['signal', 'session', 'device', 'dtype', 'threads', 'precision']

/** Checks the option names and the signal; sessionFor() checks the rest. @throws OPTION_UNKNOWN, OPTION_INVALID */
export function checkRunOptions(options: RunOptions, what: string): void {
  checkOptions(options, names, what)
  checkSignal(options.signal)
}

/** @throws OPTION_INVALID */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    optionInvalid('signal', signal, 'an AbortSignal')
}

/** Throws ABORTED if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

/** Waits for a promise until the signal fires. Does not stop the work behind the promise. @throws ABORTED */
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
