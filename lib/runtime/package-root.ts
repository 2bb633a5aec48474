import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

const require = createRequire(import.meta.url)

/**
 * The folder of the package and its version, for lib/ (run by tsx), for dist/, and for a bundle of an application that has
 * the package in node_modules.
 */
export function packageRoot(): { root: string; version: string } {
  try {
    const file = require.resolve('saccade/package.json')
    const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
    return { root: dirname(file), version }
  } catch {
    return { root: process.cwd(), version: '' }
  }
}
