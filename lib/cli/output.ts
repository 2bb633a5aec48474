import { SaccadeError } from '../errors.js'
import { escapeText, shortText } from './escape.js'
import { eraseBar } from './progress.js'

/** Exit codes: success; an input, a case or the model failed; bad arguments; interrupted. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Code and message of an error, on one line. An error without a code is a bug. */
export function describeError(error: unknown): string {
  const { code, message } = codeAndMessage(error)
  return escapeText(`${code}: ${message}`)
}

function codeAndMessage(error: unknown): { code: string; message: string } {
  if (error instanceof SaccadeError) return error
  return { code: 'INTERNAL', message: `${String(error)} (a bug: please report it)` }
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value))
}

/** An input of a command, as reports name it. */
export interface InputName {
  /** The name, or the text. */
  readonly input: string
  /** Number of its line of standard input. */
  readonly line?: number
}

/** Reports an input that failed, and sets the exit code. */
export function reportFailure({ input, line }: InputName, error: unknown, json: boolean): void {
  process.exitCode = exitCodes.failed
  if (json) {
    const { code, message } = codeAndMessage(error)
    printJson({ input, ...(line !== undefined && { line }), error: { code, message } })
    return
  }
  eraseBar()
  const where = [line === undefined ? '' : `line ${line}`, shortText(input)].filter(Boolean)
  process.stderr.write(`${[...where, describeError(error)].join(': ')}\n`)
}

/**
 * Ends the process when its output cannot be written: quietly if the reader has gone, such as head; else with a message. A
 * message that cannot be written is lost.
 */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    process.stderr.write(`saccade: the output cannot be written: ${error.code ?? error.message}\n`)
    process.exit(exitCodes.failed)
  })
  process.stderr.on('error', () => {})
}
