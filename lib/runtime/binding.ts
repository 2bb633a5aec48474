import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Native } from './native.js'
import { packageRoot } from './package-root.js'

/**
 * The addon, or the reason why it cannot be loaded. Only this file loads the .node file: everything else calls
 * {@link loadNative} and throws NATIVE_UNAVAILABLE on a failure.
 */
export type Binding = { readonly native: Native } | { readonly failure: string; readonly cause: unknown }

const require = createRequire(import.meta.url)
let binding: Binding | undefined

/** Loads the addon once. Never throws. */
export function loadNative(): Binding {
  binding ??= load()
  return binding
}

function load(): Binding {
  const { root, version } = packageRoot()
  let native: Native
  try {
    native = require('node-gyp-build')(folderOf(root)) as Native
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    return { failure: `the native addon of saccade could not be loaded: ${reason}${remedy(cause)}`, cause }
  }
  const built = native.info().version
  if (built !== version) {
    const failure = `the native addon is of version ${built}, but this is saccade ${version}; run 'npm run build' in ${root}`
    return { failure, cause: undefined }
  }
  return { native }
}

// With SACCADE_CUDA_EMULATE the addon whose device 'cuda' is emulated on the host (npm run build:emulated in a checkout),
// for tests of machines without a GPU. The addon that is published has no emulation.
function folderOf(root: string): string {
  return process.env.SACCADE_CUDA_EMULATE ? join(root, 'build-emulated') : root
}

// OPTION_INVALID comes from the addon itself, for bad settings in the environment: building it again would not help.
function remedy(cause: unknown): string {
  if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'OPTION_INVALID') return ''
  return process.env.SACCADE_CUDA_EMULATE
    ? "; run 'npm run build:emulated' in a checkout, or unset SACCADE_CUDA_EMULATE"
    : "; run 'npm run build' in a checkout to build it for this machine"
}
