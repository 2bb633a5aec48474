import { readFile } from 'node:fs/promises'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { fileError } from './file.js'
import { lineAndColumn, parseJson } from './json.js'

/** Reads a whole file. @throws FILE_NOT_FOUND */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw fileError(path, cause)
  }
}

/**
 * Reads a text file; a byte order mark is part of the text.
 * @param code of the error for a file that is not UTF-8
 * @throws FILE_NOT_FOUND, `code`
 */
export async function readText(path: string, code: SaccadeErrorCode): Promise<string> {
  const bytes = await readBytes(path)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SaccadeError(code, `${path}: not UTF-8 text`, { cause })
  }
}

/**
 * Reads a JSON file. Some editors begin it with a byte order mark, which is dropped.
 * @param code of the error for a file that is not JSON
 * @throws FILE_NOT_FOUND, `code` with line and column of the fault
 */
export async function readJson(path: string, code: SaccadeErrorCode): Promise<unknown> {
  const text = (await readText(path, code)).replace(/^\uFEFF/, '')
  try {
    return JSON.parse(text)
  } catch (cause) {
    // JSON.parse is fast, which matters for tokenizers of tens of megabytes; the slower parser finds the fault.
    parseJson(text, {
      fail: (problem, at) => {
        const { line, column } = lineAndColumn(text, at)
        throw new SaccadeError(code, `${path}, line ${line}, column ${column}: not JSON: ${problem}`, {
          cause,
        })
      },
    })
    throw new SaccadeError(code, `${path}: not JSON: ${cause}`, { cause })
  }
}
