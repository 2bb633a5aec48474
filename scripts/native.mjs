// Shared by the scripts for the addon: its paths, its sources, and running tools.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const addon = join(root, 'build', 'Release', 'saccade.node')
export const require = createRequire(import.meta.url)

/** Modification time of a file in milliseconds, or undefined if it is missing. */
export function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

/** Files in a folder and its subfolders whose names end in one of the extensions. */
export function filesBelow(folder, extensions) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => join(folder, name))
}

/** The sources of the addon. */
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

/** Runs a program with the standard streams of this process and returns its exit code. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) throw error
  return status ?? 1
}

/** The addon that the library loads: the build, else a prebuild for this machine, else undefined. */
export function findAddon() {
  try {
    return require('node-gyp-build').resolve(root)
  } catch {
    return undefined
  }
}

/** The reason why the addon does not load, or undefined if it does. */
export function loadError(path) {
  try {
    require(path)
    return undefined
  } catch (error) {
    // OPTION_INVALID reports a bad setting (SACCADE_ISA); building the addon again would not help.
    return error.code === 'OPTION_INVALID' ? undefined : error
  }
}
