// What the fuzz targets share: files in memory, seeds from the stored files of tests.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SourceFile } from '../../lib/files/file.js'

/** Path of a file or folder of test/data. */
export function dataPath(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.url))
}

/** Files of test/data. */
export function stored(...names: readonly string[]): Uint8Array[] {
  return names.map((name) => readFileSync(dataPath(name)))
}

/** The different files below a folder of test/data whose names match. */
export function storedBelow(folder: string, name: RegExp, maxBytes = 1 << 15): Uint8Array[] {
  const files = readdirSync(dataPath(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    .filter((bytes) => bytes.length <= maxBytes)
  return [...new Map(files.map((bytes) => [bytes.toString('latin1'), bytes])).values()]
}

/** A file whose bytes are in memory. */
export function memoryFile(name: string, bytes: Uint8Array): SourceFile {
  return new SourceFile(name, bytes.length, {
    read: async (into, at, length, position) => {
      const part = bytes.subarray(position, position + length)
      into.set(part, at)
      return { bytesRead: part.length }
    },
    close: async () => {},
  })
}

/** Pieces of JSON that readers may not expect. */
export const jsonTokens: readonly string[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1.5',
    '1e999',
    'NaN',
    '-Infinity',
  ],
  ...['""', '{}', '[]', '[[[[[[[[', '{"a":{"a":', '"__proto__":', '"constructor":', '\\u0000', '\\ud800'],
  ...['4294967296', '9007199254740993', '\ufeff'],
]
