// Builds the addon whose device 'cuda' runs on an emulated GPU (native/cuda/emulation) into build-emulated/build/Release.
// SACCADE_CUDA_EMULATE=1 makes the library load it.
//
//   node scripts/build-emulated.mjs
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { require, root } from './native.mjs'
import { buildNative } from './test-native.mjs'

const includes = [require('node-addon-api').include_dir, require('node-api-headers').include_dir]
const output = join(root, 'build-emulated/build/Release')
mkdirSync(output, { recursive: true })
const settings = [
  `-DCMAKE_JS_INC=${includes.join(';')}`,
  `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${output}`,
  '-DCUDA_EMULATE=ON',
  '-DISAS=', // soon built; the CPU does little there
]
process.exitCode = buildNative('', ['saccade'], settings, 'emulated-objects') === undefined ? 1 : 0
