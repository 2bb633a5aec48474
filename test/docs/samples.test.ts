// The JavaScript samples of README.md are plain JavaScript for the oldest Node that is supported, and run.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dir = join(root, 'build', 'docs')

const samples = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)]

test('README.md has samples', () => assert.ok(samples.length > 0))

for (const [index, [, code]] of samples.entries())
  test(`sample ${index + 1} of README.md`, () => {
    mkdirSync(dir, { recursive: true })
    const file = join(dir, `readme-${process.pid}-${index}.mjs`)
    try {
      writeFileSync(file, code!.replaceAll("from 'saccade'", "from '../../lib/index.js'"))
      const options = { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const
      // Without a compiler, which would accept more than Node does.
      execFileSync(process.execPath, ['--check', file], options)
      assert.is(execFileSync(process.execPath, ['--import', 'tsx', file], options), 'сорок два')
    } finally {
      rmSync(file, { force: true })
    }
  })

test.run()
