// The driver of fuzz targets in JavaScript finds each kind of fault; inputs that once failed do not fail again.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
import { getLimits, setLimits } from '../../lib/limits.js'
import { fuzzModule } from '../../scripts/fuzz/run-module.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'saccade-fuzz-test-'))
test.after(() => rmSync(folder, { recursive: true }))

// Targets lower limits, for this process too.
const limits = getLimits()
test.after.each(() => setLimits(limits))

const options = { seed: 7, milliseconds: 4000, megabytes: 200, crashes: folder, most: 1 }

for (const [fault, problem] of [
  ['error', /TypeError: a planted error/],
  ['internal', /SaccadeError: a planted bug/],
  ['exit', /the process ended with 3/],
  ['hang', /longer than 4000 ms/],
  ['memory', /the process ended|more than 200 MB/],
] as const) {
  test(`a target with this fault is found: ${fault}`, async () => {
    process.env.PLANTED_FAULT = fault
    const { problems } = await fuzzModule(join(here, 'planted.ts'), { ...options, seconds: 20 })
    assert.ok(problems.length > 0, 'nothing was found')
    const [found] = problems
    assert.match(found!.problem, problem)
    assert.ok(readFileSync(found!.file).includes('x'), 'the input that was kept is not the one that fails')
  })
}

test('a target without faults is run many times', async () => {
  process.env.PLANTED_FAULT = 'none'
  const { executions, problems } = await fuzzModule(join(here, 'planted.ts'), { ...options, seconds: 4 })
  assert.equal(problems, [])
  assert.ok(executions > 10, `${executions} executions`)
})

const kept = join(here, '../data/fuzz')
for (const file of readdirSync(join(here, 'targets'))) {
  const name = file.replace(/\.ts$/, '')
  test(`inputs of ${name} that failed once`, async () => {
    const { run, seeds } = await import(join(here, 'targets', file))
    const inputs = existsSync(join(kept, name)) ? readdirSync(join(kept, name)) : []
    for (const bytes of [...seeds, ...inputs.map((input) => readFileSync(join(kept, name, input)))]) {
      try {
        await run(bytes)
      } catch (error) {
        assert.instance(error, SaccadeError)
        assert.is.not((error as SaccadeError).code, 'INTERNAL')
      }
    }
  })
}

test.run()
