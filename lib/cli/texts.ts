import { SaccadeError } from '../errors.js'
import { printLine, reportFailure } from './output.js'
import { Progress } from './progress.js'
import { decodeLine, inputLines } from './standard-input.js'

export interface TextRun {
  readonly json: boolean
  /** Shows the progress of the texts that were given. */
  readonly progress: boolean
  /** Prints an empty line for a line of standard input that failed, so that results stay beside their texts. */
  readonly keepsPlace: boolean
}

/**
 * Runs the texts that were given, or else the lines of standard input ('-' is the lines, too), one at a time. A text that
 * fails is reported, and the others are run.
 */
export async function forTexts(
  texts: readonly string[],
  { json, progress, keepsPlace }: TextRun,
  signal: AbortSignal,
  run: (text: string) => Promise<void>,
): Promise<void> {
  const bar = progress && texts.length > 0 && !texts.includes('-') ? new Progress(texts.length) : undefined
  const attempt = async (read: () => string, line?: number) => {
    let input = ''
    try {
      input = read()
      await run(input)
    } catch (error) {
      if (signal.aborted || !(error instanceof SaccadeError)) throw error
      reportFailure(line === undefined ? { input } : { input, line }, error, json)
      if (keepsPlace && line !== undefined && !json) printLine('')
    }
    bar?.advance(1)
  }
  try {
    for (const text of texts.length > 0 ? texts : ['-']) {
      if (text !== '-') await attempt(() => text)
      else {
        let line = 0
        for await (const bytes of inputLines(signal)) await attempt(() => decodeLine(bytes), ++line)
      }
    }
  } finally {
    bar?.stop()
  }
}
