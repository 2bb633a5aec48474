import type { Native } from '../../lib/runtime/native.js'
import { getRuntime } from '../../lib/runtime/runtime.js'

const runtime = getRuntime() as { native: Native }
const { native } = runtime

/** How often the addon is asked to make a program, or to keep a constant, during a call. */
export async function counted(
  call: () => Promise<unknown>,
): Promise<{ programs: number; constants: number }> {
  const counts = { programs: 0, constants: 0 }
  runtime.native = Object.create(native, {
    createProgram: {
      value: (...args: Parameters<Native['createProgram']>) => {
        counts.programs++
        return native.createProgram(...args)
      },
    },
    publishConstant: {
      value: (...args: Parameters<Native['publishConstant']>) => {
        counts.constants++
        return native.publishConstant(...args)
      },
    },
  }) as Native
  try {
    await call()
  } finally {
    runtime.native = native
  }
  return counts
}
