import { Presets, SingleBar } from 'cli-progress'
import { SaccadeError } from '../errors.js'

/** Exit codes: success; an input, a case or the model failed; bad arguments; interrupted. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Code and message of a SaccadeError; other errors are bugs, and are shown with their stack. */
export function describeError(error: unknown): string {
  if (error instanceof SaccadeError) return `${error.code}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value))
}

/** Reports an input that failed, and sets the exit code. */
export function reportFailure(what: string, error: unknown, json: boolean): void {
  process.exitCode = exitCodes.failed
  if (json) {
    const { code, message } =
      error instanceof SaccadeError ? error : { code: 'INTERNAL', message: describeError(error) }
    printJson({ input: what, error: { code, message } })
  } else process.stderr.write(`${what}: ${describeError(error)}\n`)
}

const progressDelay = 1000

/**
 * Shows progress on a terminal if the work takes longer than a second. It is written to standard error, so that results
 * can be redirected.
 */
export class Progress {
  readonly #total: number
  readonly #started = performance.now()
  #bar: SingleBar | undefined
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  advance(by: number): void {
    this.#done += by
    if (!process.stderr.isTTY || performance.now() - this.#started < progressDelay) return
    if (!this.#bar) {
      const format = '{bar} {value}/{total}, {eta_formatted} left'
      this.#bar = new SingleBar(
        { format, hideCursor: true, clearOnComplete: true, stream: process.stderr },
        Presets.shades_classic,
      )
      this.#bar.start(this.#total, this.#done)
    } else this.#bar.update(this.#done)
  }

  stop(): void {
    this.#bar?.stop()
  }
}

/** A signal that is aborted by Ctrl-C; the second Ctrl-C ends the process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    process.exitCode = exitCodes.interrupted
    controller.abort()
    process.once('SIGINT', () => process.exit(exitCodes.interrupted))
  })
  return controller.signal
}
