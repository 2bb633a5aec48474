import { exitCodes } from './output.js'
import { endBar } from './progress.js'

/** Time to stop a run and to remove a half-written file. What waits for input does not end by itself. */
const graceMs = 300

/** A signal that Ctrl-C aborts. The process then ends with 130: soon, or at once at the second Ctrl-C. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  const end = () => {
    endBar()
    process.exit(exitCodes.interrupted)
  }
  process.once('SIGINT', () => {
    process.exitCode = exitCodes.interrupted
    controller.abort()
    setTimeout(end, graceMs).unref()
    process.once('SIGINT', end)
  })
  return controller.signal
}
