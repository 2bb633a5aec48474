// Builds the addon if none can be loaded, or if its sources have changed. Prints the reason in one line.
import { relative } from 'node:path'
import { addonSources, findAddon, loadError, modified, root } from './native.mjs'

// The reason to build, and whether from scratch; undefined if the addon is up to date.
function reasonToBuild(path) {
  if (path === undefined) return { why: 'none is built for this machine', clean: false }
  const built = modified(path)
  const changed = addonSources().some((source) => modified(source) > built)
  if (changed) return { why: 'its sources have changed', clean: false }
  // The build tool would treat a broken file as up to date.
  const error = loadError(path)
  return error && { why: error.message, clean: true }
}

const path = findAddon()
const reason = reasonToBuild(path)

if (reason === undefined) {
  console.log(`native addon: ${relative(root, path)} is up to date`)
} else {
  console.log(`native addon: ${reason.why}; building it`)
  const { build } = await import('./build.mjs')
  const built = (await build({ clean: reason.clean })) === 0 ? findAddon() : undefined
  const error = built === undefined ? new Error('see above') : loadError(built)
  if (error !== undefined) {
    console.error(`native addon: the build failed: ${error.message}`)
    process.exitCode = 1
  }
}
