import type { Turns } from '../turns.js'
import { type JsonOptions, JsonReader, type JsonValue, maxDepth } from './json-reader.js'

/** Parses strict JSON. Unlike JSON.parse, it reports the index of a fault and repeated keys, and limits nesting. */
export function parseJson(text: string, options: JsonOptions): JsonValue {
  const reader = new JsonReader(text, options)
  const value = reader.value()
  reader.end()
  return value
}

const bytesAtOnce = 2 ** 16

/**
 * Index of the first bracket of a JSON text that is nested deeper than parseJson allows, or undefined.
 * @param text in UTF-8
 */
export async function tooDeepAt(text: Uint8Array, turns: Turns): Promise<number | undefined> {
  const [quote, backslash] = ['"'.charCodeAt(0), '\\'.charCodeAt(0)]
  const [opening, closing] = ['{'.charCodeAt(0), '}'.charCodeAt(0)]
  let pause = bytesAtOnce
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    if (at >= pause) {
      await turns.step()
      pause = at + bytesAtOnce
    }
    const code = text[at]!
    if (code === quote) inString = !inString
    else if (inString) at += code === backslash ? 1 : 0
    // Square brackets differ from braces in one bit.
    else if ((code | 0x20) === opening) {
      if (++depth > maxDepth) return at
    } else if ((code | 0x20) === closing) depth--
  }
  return undefined
}

/** Line and column of an index in a text, both from 1. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (;;) {
    const end = text.indexOf('\n', start)
    if (end < 0 || end >= at) return { line, column: at - start + 1 }
    line++
    start = end + 1
  }
}
