import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { check } from './kinds.js'

/** Each folder holds files of a kind that users reported, and in expected.json what the reference library gives for them. */
const reports = fileURLToPath(new URL('../data/reports/', import.meta.url))

for (const name of readdirSync(reports).sort()) {
  const dir = join(reports, name)
  test(`${name}: as the reference library`, () =>
    check(dir, JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))))
}

test.run()
