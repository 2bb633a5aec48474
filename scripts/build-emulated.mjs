// Builds the addon whose device 'cuda' runs on an emulated GPU (native/cuda/emulation) into build-emulated/build/Release,
// from the objects of the native tests. SACCADE_CUDA_EMULATE=1 makes the library load it.
//
//   [ISAS=avx2] node scripts/build-emulated.mjs
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { require, root } from './native.mjs'
import { buildNative } from './test-native.mjs'

/** @returns the exit code */
export function buildEmulated() {
  const includes = [require('node-addon-api').include_dir, require('node-api-headers').include_dir]
  const output = join(root, 'build-emulated/build/Release')
  mkdirSync(output, { recursive: true })
  const settings = [`-DCMAKE_JS_INC=${includes.join(';')}`, `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${output}`]
  return buildNative('', ['saccade'], settings) === undefined ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = buildEmulated()
