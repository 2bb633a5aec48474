import { createInterface } from 'node:readline'
import { SaccadeError } from '../errors.js'
import { Progress, reportFailure } from './output.js'

/**
 * Runs the texts that were given, or else the lines of standard input, one at a time. A text that fails is reported, and
 * the others are run.
 * @param progress of the texts that were given
 */
export async function forTexts(
  texts: readonly string[],
  { json, progress }: { readonly json: boolean; readonly progress: boolean },
  signal: AbortSignal,
  run: (text: string) => Promise<void>,
): Promise<void> {
  const bar = progress && texts.length > 0 ? new Progress(texts.length) : undefined
  try {
    for await (const text of texts.length > 0 ? texts : lines()) {
      try {
        await run(text)
      } catch (error) {
        if (signal.aborted || !(error instanceof SaccadeError)) throw error
        reportFailure(text, error, json)
      }
      bar?.advance(1)
    }
  } finally {
    bar?.stop()
  }
}

/** The lines of standard input, without empty ones. */
async function* lines(): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== '') yield line
}
