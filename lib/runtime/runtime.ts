import { type InstructionName, instructionNames, type Target } from '../compiler/target.js'
import { errorCodes, SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { dtypes } from '../graph/dtype.js'
import { binaryKinds, precisions, reduceKinds, unaryKinds } from '../graph/kinds.js'
import { messageOf } from '../values.js'
import { loadNative } from './binding.js'
import type { DeviceName, Native } from './native.js'

/** The addon, and the compiler's targets for its devices. */
export interface Runtime {
  readonly native: Native
  /** @throws DEVICE_UNAVAILABLE */
  target(device: DeviceName): Target
}

let runtime: Runtime | undefined

/** The runtime of this process. Loads the addon at the first call. @throws NATIVE_UNAVAILABLE */
export function getRuntime(): Runtime {
  runtime ??= open()
  return runtime
}

function open(): Runtime {
  const binding = loadNative()
  if ('failure' in binding)
    throw new SaccadeError('NATIVE_UNAVAILABLE', binding.failure, {
      cause: binding.cause,
    })
  const { native } = binding
  const targets = new Map<DeviceName, Target>()
  const target = (device: DeviceName) => {
    const known = targets.get(device)
    if (known) return known
    try {
      const created = targetOf(native, device)
      targets.set(device, created)
      return created
    } catch (error) {
      throw fromNative(error)
    }
  }
  return { native, target }
}

function targetOf(native: Native, device: DeviceName): Target {
  const { names } = native
  const precision = codesOf(names.precision, precisions)
  const op = codesOf(names.ops, instructionNames)
  const typeCode = codesOf(names.dtypes, [...dtypes, 'packed'])
  return {
    op,
    dtype: typeCode,
    unary: codesOf(names.unary, ['identity', ...unaryKinds]),
    binary: codesOf(names.binary, binaryKinds),
    reduce: codesOf(names.reduce, reduceKinds),
    precision,
    computes: (name, dtype) =>
      dtype === 'float32' || (isInstruction(name) && native.computes(device, op(name), typeCode(dtype))),
    packedBytes: (batch, k, n, name) => native.packedBytes(device, batch, k, n, precision(name)),
    quantizedRowBytes: (k) => native.quantizedRowBytes(device, k),
    isa: `${device}:${native.isa(device)}`,
  }
}

function isInstruction(name: string): name is InstructionName {
  return instructionNames.some((known) => known === name)
}

/**
 * The addon's codes of names.
 * @param listed the addon's names in the order of their codes
 * @throws INTERNAL if the addon lacks one of the names
 */
function codesOf<Name extends string>(
  listed: readonly string[],
  names: readonly Name[],
): (name: Name) => number {
  const missing = names.filter((name) => !listed.includes(name))
  if (missing.length > 0)
    throw new SaccadeError('INTERNAL', `the addon has no ${missing.join(', ')}; it has ${listed.join(', ')}`)
  const codes = new Map(names.map((name) => [name, listed.indexOf(name)]))
  return (name) => codes.get(name)!
}

const codes: ReadonlySet<string> = new Set(errorCodes)

/** Converts an error of the addon, which has its code as a property, to a SaccadeError. */
export function fromNative(error: unknown): SaccadeError {
  if (error instanceof SaccadeError) return error
  const code = (error as { code?: unknown } | undefined)?.code
  const known = typeof code === 'string' && codes.has(code)
  return new SaccadeError(known ? (code as SaccadeErrorCode) : 'INTERNAL', messageOf(error), { cause: error })
}
