import { SaccadeError } from '../errors.js'
import { checkLimit } from '../limits.js'

/** The chunks of standard input, until it ends or the signal fires. */
async function* chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => process.stdin.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of process.stdin) yield chunk
  } catch (error) {
    // Ended by the signal; else it cannot be read, as a folder.
    if (!signal.aborted)
      throw new SaccadeError('INPUT_INVALID', `standard input cannot be read: ${String(error)}`, {
        cause: error,
      })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** All bytes of standard input. @throws LIMIT_EXCEEDED */
export async function readInput(signal: AbortSignal): Promise<Buffer> {
  const all: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks(signal)) {
    bytes += chunk.length
    checkLimit('standardInputBytes', bytes, 'standard input')
    all.push(chunk)
  }
  return Buffer.concat(all)
}

/** The lines of standard input as they come, without their ends. */
export async function* inputLines(signal: AbortSignal): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const chunk of chunks(signal)) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      begun.push(chunk.subarray(start, end))
      yield withoutReturn(Buffer.concat(begun))
      begun = []
      start = end + 1
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
    checkLimit(
      'standardInputBytes',
      begun.reduce((sum, part) => sum + part.length, 0),
      'a line of standard input',
    )
  }
  if (begun.length > 0) yield withoutReturn(Buffer.concat(begun))
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line
}

/** @throws INPUT_INVALID for bytes that are not UTF-8 */
export function decodeLine(line: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line)
  } catch (cause) {
    throw new SaccadeError('INPUT_INVALID', 'the text is not UTF-8', { cause })
  }
}
