// A call whose AbortSignal fires rejects with ABORTED, wherever it is; `cause` is the reason of the signal. Signals of other
// realms and of polyfills are as good as Node's own.
import { SaccadeError } from './errors.js'
import { optionInvalid } from './options.js'

/** @throws OPTION_INVALID for a value that is not a signal; ABORTED if it has fired */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && !isSignal(signal)) optionInvalid('signal', signal, 'an AbortSignal')
  throwIfAborted(signal)
}

/** @throws ABORTED if the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** The error of every call that a signal has aborted. */
export function abortError(signal: AbortSignal): SaccadeError {
  return new SaccadeError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}

/**
 * Calls the listener when the signal fires, or now if it has fired.
 * @returns a function that removes the listener: a signal can outlive thousands of calls
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {}
  if (signal.aborted) {
    listener()
    return () => {}
  }
  const shared = sharedListeners.get(signal) ?? shareListeners(signal)
  // An object of its own, because one listener may be added twice.
  const entry = { listener }
  shared.entries.add(entry)
  return () => {
    shared.entries.delete(entry)
    if (shared.entries.size === 0) shared.stop()
  }
}

interface SharedListeners {
  readonly entries: Set<{ readonly listener: () => void }>
  stop(): void
}

/** All calls listen to a signal by one listener: Node warns of a leak when a signal has more than ten. */
const sharedListeners = new WeakMap<AbortSignal, SharedListeners>()

function shareListeners(signal: AbortSignal): SharedListeners {
  const entries: SharedListeners['entries'] = new Set()
  const fire = () => {
    sharedListeners.delete(signal)
    for (const { listener } of [...entries]) listener()
  }
  const stop = () => {
    sharedListeners.delete(signal)
    signal.removeEventListener('abort', fire)
  }
  signal.addEventListener('abort', fire, { once: true })
  const shared = { entries, stop }
  sharedListeners.set(signal, shared)
  return shared
}

/**
 * Waits for a promise until the signal fires. Does not stop the work behind the promise: for work that does not take a
 * signal.
 * @param discard releases the value of a promise that was fulfilled too late
 * @throws ABORTED
 */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  discard: (value: T) => void = () => {},
): Promise<T> {
  return signal ? raceAbort(promise, signal, discard) : promise
}

async function raceAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  discard: (value: T) => void,
): Promise<T> {
  let remove = () => {}
  const fired = new Promise<never>((_, reject) => {
    remove = onAbort(signal, () => reject(abortError(signal)))
  })
  try {
    const value = await Promise.race([fired, promise])
    throwIfAborted(signal)
    return value
  } catch (error) {
    promise.then(discard, () => {})
    throw error
  } finally {
    remove()
  }
}

/**
 * As {@link unlessAborted}, for work that takes a signal and stops by it, such as functions of Node. It gets a signal of
 * this realm, because fetch() refuses others.
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
  discard?: (value: T) => void,
): Promise<T> {
  if (!signal) return work(undefined)
  throwIfAborted(signal)
  const own = new AbortController()
  const remove = onAbort(signal, () => own.abort(signal.reason))
  try {
    return await unlessAborted(work(own.signal), signal, discard)
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error
  } finally {
    remove()
  }
}

function isSignal(value: unknown): boolean {
  try {
    const { aborted, addEventListener, removeEventListener } = Object(value)
    return (
      typeof aborted === 'boolean' &&
      [addEventListener, removeEventListener].every((method) => typeof method === 'function')
    )
  } catch {
    // A proxy or a getter of the caller threw.
    return false
  }
}
