import type { Compiled } from '../compiler/compile.js'
import { bufferOf } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import type { RunOptions } from './run-options.js'
import { fromNative, getRuntime } from './runtime.js'

/**
 * Hands a compiled graph to the addon, which checks it once.
 * @param folded memory of folded constants, by their keys
 */
export function createProgram(
  compiled: Compiled,
  folded: ReadonlyMap<string, NativeBuffer> = new Map(),
): NativeProgram {
  const constants = compiled.constants.map((source) => folded.get(source.key) ?? bufferOf(source))
  try {
    return getRuntime().native.createProgram(compiled.code, constants)
  } catch (error) {
    throw fromNative(error)
  }
}

/** Runs a program once. @throws ABORTED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, DISPOSED */
export async function execute(
  program: NativeProgram,
  inputs: readonly NativeBuffer[],
  { signal, threads = 0 }: RunOptions,
): Promise<NativeBuffer[]> {
  const cancel = signal ? getRuntime().native.createCancel() : undefined
  const onAbort = () => cancel?.cancel()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await program.run(inputs, threads, cancel)
  } catch (error) {
    throw fromNative(error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
