import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Symbol as a vm context of Node 20 has it. */
const withoutDispose = `const Symbol = new Proxy((name) => globalThis.Symbol(name), {
  get: (_, key) => (key === 'dispose' || key === 'asyncDispose' ? undefined : globalThis.Symbol[key]),
})`

const program = `
import { load, pipeline, Tensor } from './lib/index.js'
const kept = []
{
  using x = Tensor.from([1])
  using vit = await load('models/digits-vit')
  kept.push(x, vit)
}
const classify = await pipeline('image-classification', 'models/digits-vit')
const [best] = await classify('models/digits-vit/samples/07-digit-7.png')
const translate = await pipeline('translation', 'models/numbers-en-ru')
const disposed = kept.map((each) => each.disposed)
console.log([Symbol.dispose, disposed, best.label, (await translate('one')).length].map(String).join(' '))`

test('using works where Symbol.dispose is missing, as in the vm contexts of Node 20', async () => {
  const dir = join(root, 'build', 'dispose')
  mkdirSync(dir, { recursive: true })
  const outfile = join(dir, `program-${process.pid}.mjs`)
  try {
    await build({
      stdin: { contents: program, resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      packages: 'external',
      banner: { js: withoutDispose },
      logLevel: 'silent',
    })
    const output = execFileSync(process.execPath, [outfile], { cwd: root, encoding: 'utf8' })
    assert.is(output.trim(), 'undefined true,true 7 1')
  } finally {
    rmSync(outfile, { force: true })
  }
})

test.run()
