// Builds the addon if there is none that loads, or if its sources have changed. Says in one line what it found.
import { relative } from 'node:path'
import { addon, addonSources, modified, root, tryLoad } from './native.mjs'

const built = modified(addon)
const changed = built !== undefined && addonSources().some((source) => modified(source) > built)
const found = changed ? { error: new Error('native sources have changed') } : tryLoad()

if (found.path !== undefined) {
  console.log(`native addon: ${relative(root, found.path)} is up to date`)
} else {
  const why = changed ? 'its sources have changed' : 'none is built for this machine'
  console.log(`native addon: ${why}, building it`)
  const { build } = await import('./build.mjs')
  const code = await build()
  const result = code === 0 ? tryLoad() : {}
  if (result.path === undefined) {
    console.error(`native addon: the build failed${result.error ? `: ${result.error.message}` : ''}`)
    process.exitCode = 1
  }
}
