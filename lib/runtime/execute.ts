import { abortError, onAbort, throwIfAborted } from '../abort.js'
import type { Compiled } from '../compiler/compile.js'
import { bufferOf } from './memory.js'
import type { DeviceName, NativeBuffer, NativeProgram } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

/**
 * Creates a native program from a compiled graph: the addon checks it and prepares it for a device.
 * @param memory of folded constants, and copies of constants, by their keys
 * @throws DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export function createProgram(
  compiled: Compiled,
  device: DeviceName,
  memory: ReadonlyMap<string, NativeBuffer> = new Map(),
): NativeProgram {
  const constants = compiled.constants.map((source) => memory.get(source.key) ?? bufferOf(source))
  try {
    return getRuntime().native.createProgram(compiled.code, constants, device)
  } catch (error) {
    throw fromNative(error)
  }
}

/**
 * Runs a program once.
 * @param threads number of CPU threads; 0: one for each core
 * @throws ABORTED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, DISPOSED, WEIGHTS_CORRUPT
 */
export async function execute(
  program: NativeProgram,
  inputs: readonly NativeBuffer[],
  threads: number,
  signal?: AbortSignal,
): Promise<NativeBuffer[]> {
  const cancel = signal ? getRuntime().native.createCancel() : undefined
  const remove = onAbort(signal, () => cancel?.cancel())
  try {
    const results = await program.run(inputs, threads, cancel)
    throwIfAborted(signal)
    return results
  } catch (error) {
    throw signal?.aborted ? abortError(signal) : fromNative(error)
  } finally {
    remove()
  }
}
