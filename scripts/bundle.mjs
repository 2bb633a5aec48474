// Makes dist/ for the published package: the library and the command line as a few files with shared chunks, because
// loading two hundred small modules takes longer than running them. The types are from tsc (`npm run prepack`).
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './native.mjs'

const lib = join(root, 'lib')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
await build({
  entryPoints: [join(lib, 'index.ts'), join(lib, 'cli', 'main.ts'), join(lib, 'text', 'worker.ts')],
  outbase: lib,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Otherwise the bundler's names (_Tensor, Vit2) appear in consoles and debuggers.
  keepNames: true,
  logLevel: 'warning',
})
