import { SaccadeError } from '../errors.js'
import { type Precision, precisions } from '../graph/kinds.js'
import { optionInvalid } from '../options.js'
import { attempt, isString } from '../values.js'
import type { DeviceName } from './native.js'
import { getRuntime } from './runtime.js'

/** Devices by name. 'auto' is the CPU at present; 'gpu' is another name of 'cuda'. */
export const devices = ['auto', 'cpu', 'cuda', 'gpu'] as const
export type Device = (typeof devices)[number]

/** Names of weight precisions: those of saccade, and the usual ones of other libraries. */
export const dtypeNames = {
  fp32: 'float32',
  float32: 'float32',
  bf16: 'bfloat16',
  bfloat16: 'bfloat16',
  fp16: 'float16',
  float16: 'float16',
  q8: 'int8',
  int8: 'int8',
  auto: 'float32',
} as const satisfies Record<string, Precision>
export type DTypeName = keyof typeof dtypeNames

export interface SessionOptions {
  /** The device to run on. Default 'auto'. */
  readonly device?: Device | undefined
  /** Precision of weights (compiler/precision.ts) and activations (compiler/dtype.ts). Default 'fp32'. */
  readonly dtype?: DTypeName | undefined
  /** Number of CPU threads, at most 1024. Default 0: one for each core. Results do not depend on it. */
  readonly threads?: number | undefined
}

/**
 * How something runs: one immutable object from load() to the program. A model has one, and its results carry it, so
 * that computations on them run in the same way.
 */
export interface Session {
  readonly device: DeviceName
  readonly dtype: Precision
  readonly threads: number
}

const maxThreads = 1024

/**
 * Checks options and creates a session.
 * @throws OPTION_INVALID; DEVICE_UNAVAILABLE with the reason
 */
export function openSession({ device = 'auto', dtype = 'fp32', threads = 0 }: SessionOptions = {}): Session {
  if (!isString(dtype) || !Object.hasOwn(dtypeNames, dtype)) unknown('dtype', dtype, Object.keys(dtypeNames))
  if (!isThreadCount(threads))
    optionInvalid('threads', threads, `a whole number from 0 (all cores) to ${maxThreads}`)
  return Object.freeze({ device: deviceNamed(device), dtype: dtypeNames[dtype], threads })
}

/** The session of a call without session options, on data without a session. */
export const defaultSession: Session = openSession()

// 'auto' is the CPU as long as the kernels of CUDA have not run on a GPU (native/cuda/README.md).
function deviceNamed(device: Device): DeviceName {
  if (!devices.includes(device)) unknown('device', device, devices)
  if (device === 'auto' || device === 'cpu') return 'cpu'
  const found = getRuntime()
    .native.info()
    .devices.find(({ name }) => name === 'cuda')
  if (found?.available) return 'cuda'
  const reason = found?.reason ?? 'this build does not have it'
  throw new SaccadeError('DEVICE_UNAVAILABLE', `device '${device}' cannot be used: ${reason}; use 'cpu'`)
}

/** Session options of a computation. */
export interface SessionRequest extends SessionOptions {
  /** The session to run in, such as `model.session`. Options of device, dtype and threads override it. */
  readonly session?: Session | undefined
  /** The former name of `dtype`. Only one of the two can be set. */
  readonly precision?: Precision | undefined
}

/**
 * The session of a computation: what the call asks for, else what its data carries; undefined if there is neither.
 * @throws as {@link openSession}; DEVICE_MISMATCH if the call asks for another device than the data is on
 */
export function sessionFor(request: SessionRequest, carried: Session | undefined): Session | undefined {
  const { device, threads, precision } = request
  if (request.session !== undefined) checkSession(request.session)
  if (precision !== undefined && !precisions.includes(precision)) unknown('precision', precision, precisions)
  if (precision !== undefined && request.dtype !== undefined)
    optionInvalid('precision', precision, 'nothing beside dtype, which is the same option')
  const requested = given({ device, dtype: request.dtype ?? precision, threads })
  const base = request.session ?? carried
  const session = Object.keys(requested).length === 0 ? base : openSession({ ...base, ...requested })
  if (session && carried) checkDevices(session, carried)
  return session
}

/** @throws OPTION_INVALID for a value that is not a session */
function checkSession(session: Session): void {
  const valid = attempt(() => {
    const { device, dtype, threads } = session
    return ['cpu', 'cuda'].includes(device) && precisions.includes(dtype) && isThreadCount(threads)
  })
  if (!valid) optionInvalid('session', session, 'a session, such as model.session')
}

function isThreadCount(threads: number): boolean {
  return Number.isInteger(threads) && threads >= 0 && threads <= maxThreads
}

/** The options that are set. 'auto' is not: it is the device that would be used anyway. */
function given({ device, dtype, threads }: SessionOptions): SessionOptions {
  return {
    ...(device !== undefined && device !== 'auto' && { device }),
    ...(dtype !== undefined && { dtype }),
    ...(threads !== undefined && { threads }),
  }
}

/**
 * The session of a computation on the results of several sessions. Where these differ, it takes float32 and the larger
 * number of threads (0 is the largest), in whatever order they come. Data without a session does not count.
 * @throws DEVICE_MISMATCH naming both devices
 */
export function joinSessions(a: Session | undefined, b: Session | undefined): Session | undefined {
  if (!a || !b || a === b) return a ?? b
  checkDevices(a, b)
  const dtype = a.dtype === b.dtype ? a.dtype : 'float32'
  const threads = a.threads === 0 || b.threads === 0 ? 0 : Math.max(a.threads, b.threads)
  return Object.freeze({ device: a.device, dtype, threads })
}

function checkDevices(a: Session, b: Session): void {
  if (a.device === b.device) return
  throw new SaccadeError(
    'DEVICE_MISMATCH',
    `one computation cannot use data of two devices: '${a.device}' and '${b.device}'`,
  )
}

function unknown(option: string, value: unknown, names: readonly string[]): never {
  optionInvalid(option, value, `one of ${names.join(', ')}`)
}
