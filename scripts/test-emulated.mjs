// Verifies the stored cases on the emulated GPU: the road from JavaScript to kernels of CUDA, on a
// machine without a GPU.
//
//   node scripts/test-emulated.mjs [CASE...]
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildEmulated } from './build-emulated.mjs'
import { root, run } from './native.mjs'

const goldens = 'test/data/goldens'
const named = process.argv.slice(2)
const cases = named.length > 0 ? named : readdirSync(join(root, goldens))
const folders = cases
  .map((name) => join(goldens, name))
  .filter((folder) => existsSync(join(root, folder, 'golden.json')))
process.exitCode =
  buildEmulated() ||
  run(process.execPath, ['--import', 'tsx', 'bin/saccade.js', 'verify', '--device', 'cuda', ...folders], {
    env: { ...process.env, SACCADE_CUDA_EMULATE: '1' },
  })
