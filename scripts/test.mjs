// Runs the tests in test/ with uvu and checks the number of tests: uvu exits with 0 if no file matches, or if a file does
// not call test.run().
import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

const fewest = 2700
const pattern = process.argv[2] ?? String.raw`\.test\.ts$`

const child = spawn(process.execPath, ['--import', 'tsx', 'node_modules/uvu/bin.js', 'test', pattern], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, NODE_OPTIONS: '--import tsx' },
})
let tail = ''
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  tail = (tail + chunk).slice(-2000)
})
child.on('close', (status) => {
  const count = (name) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(stripVTControlCharacters(tail))?.[1] ?? 0)
  const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')]
  console.log(`\n${passed} passed, ${total - passed} failed, ${skipped} skipped`)
  if (status !== 0) process.exit(status ?? 1)
  if (process.argv[2] === undefined && passed < fewest) {
    console.error(`only ${passed} tests ran; at least ${fewest} are there`)
    process.exit(1)
  }
})
