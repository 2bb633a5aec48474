import { Presets, SingleBar } from 'cli-progress'
import { SaccadeError } from '../errors.js'

/** What the process ends with: all went well; something failed (an input, a case, the model); the call was wrong. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** One line for a person: the code, and the message that names the culprit. Bugs come with their stack. */
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

/** Reports one input that failed; the rest goes on. */
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
 * Progress on a terminal, for work that has taken longer than a second; silent in a pipe.
 * Written to standard error, so that results can be redirected.
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

/** A signal that Ctrl-C fires; the second time the process ends at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    process.exitCode = exitCodes.interrupted
    controller.abort()
    process.once('SIGINT', () => process.exit(exitCodes.interrupted))
  })
  return controller.signal
}
