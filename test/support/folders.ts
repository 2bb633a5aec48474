import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const scratch = mkdtempSync(join(tmpdir(), 'saccade-folders-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
let copies = 0

/** The folder of a stored case. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../data/goldens/${name}`, import.meta.url))
}

/** The folder of a model of the repository. */
export function published(name: string): string {
  return fileURLToPath(new URL(`../../models/${name}`, import.meta.url))
}

/** A copy of a model folder, removed when the process ends. */
export function copyOf(source: string): string {
  const dir = join(scratch, String(copies++))
  cpSync(source, dir, { recursive: true })
  return dir
}

/** A copy whose config.json, or another JSON file, has other values; undefined removes a key. */
export function withKeys(source: string, keys: Record<string, unknown>, file = 'config.json'): string {
  const dir = copyOf(source)
  const values = JSON.parse(readFileSync(join(source, file), 'utf8'))
  writeFileSync(join(dir, file), JSON.stringify({ ...values, ...keys }))
  return dir
}
