import { isUtf8 } from 'node:buffer'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { checkLimit, type LimitName } from '../limits.js'
import { Turns } from '../turns.js'
import { fileError, openFile } from './file.js'
import { lineAndColumn, parseJson, tooDeepAt } from './json.js'
import { parseInPieces } from './json-pieces.js'
import { type JsonValue, tooDeep } from './json-reader.js'

/** The event loop gets a turn after so many milliseconds of reading. */
const sliceMs = 5
const bytesAtOnce = 2 ** 18
const byteOrderMark = [0xef, 0xbb, 0xbf]

/**
 * Reads a whole file. Bytes that are added while it is read are left out.
 * @throws FILE_NOT_FOUND, also for what is no regular file; LIMIT_EXCEEDED
 */
export async function readBytes(path: string, limit: LimitName = 'tokenizerBytes'): Promise<Uint8Array> {
  const { handle, size } = await openFile(path)
  try {
    checkLimit(limit, size, `${path}: bytes`)
    const bytes = new Uint8Array(size)
    let done = 0
    for (let read = 1; done < size && read > 0; done += read)
      read = (await handle.read(bytes, done, size - done, done)).bytesRead
    return bytes.subarray(0, done)
  } catch (cause) {
    throw fileError(path, cause)
  } finally {
    await handle.close()
  }
}

/**
 * Reads a text file; a byte order mark is part of the text.
 * @param code of the error for a file that is not UTF-8; TOKENIZER_INVALID for files of tokenizers, which have a limit of
 *   their own
 * @throws FILE_NOT_FOUND, LIMIT_EXCEEDED, `code`
 */
export async function readText(path: string, code: SaccadeErrorCode): Promise<string> {
  return textOf(path, await readBytes(path, limitOf(code)), code)
}

function limitOf(code: SaccadeErrorCode): LimitName {
  return code === 'TOKENIZER_INVALID' ? 'tokenizerBytes' : 'configBytes'
}

/** The bytes of a file as text. @throws `code` if they are not UTF-8 */
async function textOf(path: string, bytes: Uint8Array, code: SaccadeErrorCode): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const turns = new Turns(sliceMs, undefined)
  const parts: string[] = []
  try {
    for (let start = 0; start < bytes.length; start += bytesAtOnce) {
      parts.push(decoder.decode(bytes.subarray(start, start + bytesAtOnce), { stream: true }))
      await turns.step()
    }
    parts.push(decoder.decode())
    // To join megabytes takes a turn of its own.
    const text = parts.join('')
    await turns.step()
    return text
  } catch (cause) {
    throw new SaccadeError(code, `${path}: not UTF-8 text`, { cause })
  }
}

/** As {@link jsonOf}, for a path. @throws also FILE_NOT_FOUND, LIMIT_EXCEEDED */
export async function readJson(path: string, code: SaccadeErrorCode): Promise<unknown> {
  return jsonOf(path, await readBytes(path, limitOf(code)), code)
}

/**
 * The value of a JSON file, in which numbers can be NaN, Infinity and -Infinity, as Python writes them. Some editors begin
 * it with a byte order mark, which is dropped.
 * @param path for errors
 * @param code of the error for a file that is not JSON
 * @throws `code` with line and column of the fault
 */
export async function jsonOf(path: string, bytes: Uint8Array, code: SaccadeErrorCode): Promise<unknown> {
  if (!isUtf8(bytes)) throw new SaccadeError(code, `${path}: not UTF-8 text`)
  const json = byteOrderMark.every((byte, at) => bytes[at] === byte)
    ? bytes.subarray(byteOrderMark.length)
    : bytes
  const textUpTo = (end: number) => Buffer.from(json.subarray(0, end)).toString()
  const fail = (problem: string, at: number, cause?: unknown): never => {
    const { line, column } = lineAndColumn(textUpTo(json.length), at)
    throw new SaccadeError(code, `${path}, line ${line}, column ${column}: not JSON: ${problem}`, { cause })
  }
  // JSON.parse takes seconds for nesting of millions of levels, and whoever reads the value would overflow the stack.
  const turns = new Turns(sliceMs, undefined)
  const deep = await tooDeepAt(json, turns)
  if (deep !== undefined) fail(tooDeep, textUpTo(deep).length)
  try {
    return await parseInPieces(json, turns)
  } catch (cause) {
    // JSON.parse is fast, which matters for tokenizers of tens of megabytes; the slower parser knows what Python writes,
    // and finds the fault.
    const text = textUpTo(json.length)
    return plain(parseJson(text, { pythonNumbers: true, fail: (problem, at) => fail(problem, at, cause) }))
  }
}

/** Maps as objects, which is what JSON.parse gives. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return Array.isArray(value) ? value.map(plain) : value
}
