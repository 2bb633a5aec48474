// What same-bits.test.ts says holds on the machine's other instruction sets too, each in a process of its own.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getRuntime } from '../../../lib/runtime/runtime.js'

const file = fileURLToPath(new URL('same-bits.test.ts', import.meta.url))
const { isa: own, isas } = getRuntime().native.info()

/** In fp32 avx512 and avx512bf16 run the same kernels. */
const others = isas.filter((isa) => isa !== own && isa !== 'avx512')

for (const isa of others)
  test(isa, async () => {
    const env = { ...process.env, SACCADE_ISA: isa, FORCE_COLOR: '0' }
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], { env })
    assert.match(stdout, /Total: +(\d{3})\s+Passed: +\1\s/)
  })

test.run()
