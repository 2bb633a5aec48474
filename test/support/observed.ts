import type { Native, NativeProgram } from '../../lib/runtime/native.js'
import { getRuntime } from '../../lib/runtime/runtime.js'

const runtime = getRuntime() as { native: Native }
const { native } = runtime

export interface ObservedRun {
  readonly device: string | undefined
  readonly threads: number
}

/**
 * The native runs of programs that are made during a call, in order. A program made before it is not seen: the call
 * must compute something that nothing else has computed.
 */
export async function observedRuns(call: () => Promise<unknown>): Promise<ObservedRun[]> {
  const runs: ObservedRun[] = []
  const createProgram: Native['createProgram'] = (code, constants, device) => {
    const program = native.createProgram(code, constants, device)
    const run: NativeProgram['run'] = (inputs, threads, cancel) => {
      runs.push({ device, threads })
      return program.run(inputs, threads, cancel)
    }
    return { run, arenaBytes: program.arenaBytes, dispose: () => program.dispose() }
  }
  runtime.native = Object.create(native, { createProgram: { value: createProgram } }) as Native
  try {
    await call()
  } finally {
    runtime.native = native
  }
  return runs
}
