import { checkSignal } from '../abort.js'
import { checkOptions } from '../options.js'
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

/** Checks the option names and the signal; sessionFor() checks the rest. @throws OPTION_UNKNOWN, OPTION_INVALID, ABORTED */
export function checkRunOptions(options: RunOptions, what: string): RunOptions {
  const given = checkOptions(options, names, what)
  checkSignal(given.signal)
  return given
}
