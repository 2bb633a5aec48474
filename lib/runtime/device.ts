import type { Precision } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import { optionInvalid } from '../options.js'
import { getRuntime } from './runtime.js'

/** Where a model can run. `auto` takes the best there is. */
export const devices = ['auto', 'cpu', 'cuda', 'gpu'] as const
export type Device = (typeof devices)[number]

/**
 * Checks that a device can be used.
 * @throws OPTION_INVALID for a name there is not; DEVICE_UNAVAILABLE with the reason
 */
export function requireDevice(device: string): void {
  if (!devices.includes(device as Device)) optionInvalid('device', device, `one of ${devices.join(', ')}`)
  if (device === 'auto' || device === 'cpu') return
  const { cuda } = getRuntime().native.info()
  const reason = cuda.available ? 'saccade has no CUDA kernels yet' : cuda.reason
  throw new SaccadeError('DEVICE_UNAVAILABLE', `device '${device}' cannot be used: ${reason}; use 'cpu'`)
}

/** Names of precisions: those of saccade, and those that users of other libraries know. */
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

/** The precision a dtype option means. @throws OPTION_INVALID naming those there are */
export function precisionOf(dtype: string): Precision {
  if (!Object.hasOwn(dtypeNames, dtype))
    optionInvalid('dtype', dtype, `one of ${Object.keys(dtypeNames).join(', ')}`)
  return dtypeNames[dtype as DTypeName]
}
