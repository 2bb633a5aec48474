// Formats the C++ and CUDA sources with clang-format, or checks that they are formatted.
//
//   node scripts/format-native.mjs [--check]
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, require, root, run } from './native.mjs'

const folders = ['native', 'test/native', 'bench/native'].map((name) => join(root, name)).filter(existsSync)
const files = folders.flatMap((folder) => filesBelow(folder, ['.h', '.cc', '.cu', '.cuh']))
const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i']
const code = run(require('clang-format').getNativeBinary(), [...mode, ...files])
if (code === 0) console.log(`${files.length} native files are formatted`)
process.exitCode = code === 0 ? 0 : 1
