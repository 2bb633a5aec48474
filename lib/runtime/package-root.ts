import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Package {
  readonly name?: string
  readonly version?: string
}

/** The folder of the package and its version. Walks up the folders: lib/ (run by tsx) and dist/ are at different depths. */
export function packageRoot(): { root: string; version: string } {
  let root = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const found = readPackage(root)
    if (found?.name === 'saccade') return { root, version: found.version ?? '' }
    const parent = dirname(root)
    if (parent === root) return { root: process.cwd(), version: '' }
    root = parent
  }
}

function readPackage(folder: string): Package | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
  } catch {
    return undefined
  }
}
