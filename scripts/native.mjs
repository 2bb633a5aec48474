// What the scripts about the addon share: where it lies, what it is made of, how to run tools.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const addon = join(root, 'build', 'Release', 'saccade.node')
export const require = createRequire(import.meta.url)

/** Modification time of a file in milliseconds, or undefined when it is missing. */
export function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

/** Files below a folder whose name ends in one of the extensions. */
export function filesBelow(folder, extensions) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => join(folder, name))
}

/** What the addon is built from. */
export function addonSources() {
  return [
    ...filesBelow(join(root, 'native'), ['.h', '.cc', '.cu', '.map']),
    join(root, 'CMakeLists.txt'),
    join(root, 'binding.gyp'),
  ]
}

/** The path of a program, or undefined. */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      if (statSync(path).isFile()) return path
    } catch {}
  }
  return undefined
}

/** Runs a program with our own standard streams and returns its exit code. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) throw error
  return status ?? 1
}

/** The addon that the library would load: the build, else a prebuild for this machine, else undefined. */
export function findAddon() {
  try {
    return require('node-gyp-build').resolve(root)
  } catch {
    return undefined
  }
}

/** Why the addon does not load, or undefined when it does. */
export function loadError(path) {
  try {
    require(path)
    return undefined
  } catch (error) {
    // A bad setting (SACCADE_ISA) is reported by an addon that works; building it again would not help.
    return error.code === 'OPTION_INVALID' ? undefined : error
  }
}
