import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const marker = '// @ts-expect-error'

/** Compiles a file of this room, changed, and gives the lines (from 1) that are in error. */
function faultyLines(source: string): Promise<Set<number>> {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-types-'))
  const file = join(folder, 'changed.mts')
  const absolute = source
    .replaceAll("'../../lib/", `'${root}lib/`)
    .replaceAll("'./given.js'", `'${root}test/types/given.js'`)
  writeFileSync(file, absolute)
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: [file],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, '-p', folder, '--pretty', 'false'],
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (_, output) => {
        rmSync(folder, { recursive: true })
        const matches = output.matchAll(/changed\.mts\((\d+),\d+\): error/g)
        resolve(new Set(Array.from(matches, ([, line]) => Number(line))))
      },
    )
  })
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

test('each mistake is found on its line once its comment is gone', async () => {
  const lines = read('mistakes.ts').split('\n')
  const places = lines.flatMap((line, index) => (line.startsWith(marker) ? [index] : []))
  assert.ok(places.length > 70, `${places.length} mistakes`)
  const faulty = await faultyLines(lines.map((line) => (line.startsWith(marker) ? '//' : line)).join('\n'))
  for (const index of places)
    assert.ok(faulty.has(index + 2), `compiles, but must not: ${lines[index + 1]} ${lines[index]}`)
  assert.is(faulty.size, places.length, 'no other line is in error')
})

test('types that are asserted are compared', async () => {
  const source = read('results.ts')
  assert.is((await faultyLines(source)).size, 0, 'as it is')
  // Each result but a few has a 2 in its shape: as a 5 it is wrong.
  const lines = source.split('\n').map((line) => line.replace(/^(is<Float<\[[^\]]*)2/, '$15'))
  const changed = lines.flatMap((line, index) => (line === source.split('\n')[index] ? [] : [index + 1]))
  assert.ok(changed.length > 30, `${changed.length} changed`)
  const faulty = await faultyLines(lines.join('\n'))
  for (const line of changed) assert.ok(faulty.has(line), `compiles, but must not: ${lines[line - 1]}`)
})

test.run()
