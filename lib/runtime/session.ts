import { type Precision, precisions } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'
import type { DeviceName } from './native.js'
import { getRuntime } from './runtime.js'

/** Where something can run. `auto` takes the best there is; `gpu` is another name of `cuda`. */
export const devices = ['auto', 'cpu', 'cuda', 'gpu'] as const
export type Device = (typeof devices)[number]

/** Names of data types of weights: those of saccade, and those that users of other libraries know. */
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
  /** Where to run. Default 'auto'. */
  readonly device?: Device | undefined
  /** How weights of matrix products are stored, and what meets them (compiler/precision.ts). Default 'fp32'. */
  readonly dtype?: DTypeName | undefined
  /** Threads of the CPU that a run may use, at most 1024; default 0: one for each core. Results do not depend on it. */
  readonly threads?: number | undefined
}

/**
 * How something runs: one immutable object from load() to the program. A model has one, and what it computes carries
 * it, so that what is made of its results runs in the same way.
 */
export interface Session {
  readonly device: DeviceName
  readonly dtype: Precision
  readonly threads: number
}

const maxThreads = 1024

/**
 * Checks options and makes a session of them.
 * @throws OPTION_INVALID naming the option and what it can be; DEVICE_UNAVAILABLE with the reason
 */
export function openSession({ device = 'auto', dtype = 'fp32', threads = 0 }: SessionOptions = {}): Session {
  if (!Object.hasOwn(dtypeNames, dtype)) unknown('dtype', dtype, Object.keys(dtypeNames))
  if (!Number.isInteger(threads) || threads < 0 || threads > maxThreads)
    optionInvalid('threads', threads, `a whole number from 0 (all cores) to ${maxThreads}`)
  return Object.freeze({ device: deviceNamed(device), dtype: dtypeNames[dtype], threads })
}

/** The session of what nobody asks anything for. */
export const defaultSession: Session = openSession()

// CUDA has no kernels yet, so the best there is is the CPU.
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

/** What a computation can ask of its session. */
export interface SessionRequest extends SessionOptions {
  /** The session to run in, such as that of a model; device, dtype and threads given beside it go first. */
  readonly session?: Session | undefined
  /** The name that `dtype` had before there were sessions; not together with it. */
  readonly precision?: Precision | undefined
}

/**
 * The session of a computation: what the call asks for; else what its data carries; undefined if neither says
 * anything.
 * @throws as {@link openSession}; DEVICE_MISMATCH if the call asks for another device than the data is on
 */
export function sessionFor(request: SessionRequest, carried: Session | undefined): Session | undefined {
  const { device, threads, precision } = request
  if (precision !== undefined && !precisions.includes(precision)) unknown('precision', precision, precisions)
  if (precision !== undefined && request.dtype !== undefined)
    optionInvalid('precision', precision, 'nothing beside dtype, which is the same option')
  const asked = given({ device, dtype: request.dtype ?? precision, threads })
  const base = request.session ?? carried
  const session = Object.keys(asked).length === 0 ? base : openSession({ ...base, ...asked })
  if (session && carried) checkDevices(session, carried)
  return session
}

/** The options that ask for something. `auto` asks for no other device than would be used anyway. */
function given({ device, dtype, threads }: SessionOptions): SessionOptions {
  return {
    ...(device !== undefined && device !== 'auto' && { device }),
    ...(dtype !== undefined && { dtype }),
    ...(threads !== undefined && { threads }),
  }
}

/**
 * The session of a computation on data that several sessions computed, or none. Where they differ it is the wider one,
 * whatever their order: float32, and the larger number of threads.
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
    `one computation cannot use two devices, '${a.device}' and '${b.device}'`,
  )
}

function unknown(option: string, value: unknown, names: readonly string[]): never {
  optionInvalid(option, value, `one of ${names.join(', ')}`)
}
