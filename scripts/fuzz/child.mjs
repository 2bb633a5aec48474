// Runs mutated inputs of a target, from an index on, until it is killed. Before each input, its index is written to a file:
// the parent reads it if this process dies or hangs.
//
//   node --import tsx scripts/fuzz/child.mjs TARGET-MODULE SEED INDEX FILE
import { openSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { SaccadeError } from '../../lib/errors.js'
import { inputOf } from './mutate.mjs'

/** What one input may take. Time of the processor, so that a busy machine makes no problems. */
const maxSeconds = 2
const maxMegabytes = 200

const [module, seed, first, file] = process.argv.slice(2)
const target = await import(pathToFileURL(module).href)
const counter = openSync(file, 'r+')
const cell = new Float64Array(1)
const bytes = new Uint8Array(cell.buffer)

function started(index) {
  cell[0] = index
  writeSync(counter, bytes, 0, 8, 0)
}

async function problemOf(input) {
  try {
    await target.run(input)
  } catch (error) {
    if (!(error instanceof SaccadeError) || error.code === 'INTERNAL') return String(error?.stack ?? error)
  }
  return undefined
}

let before = process.resourceUsage()
for (let index = Number(first); ; index++) {
  const input = inputOf(target, Number(seed), index)
  started(index)
  const problems = [await problemOf(input)]
  const after = process.resourceUsage()
  const seconds = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1e6
  const megabytes = (after.maxRSS - before.maxRSS) / 1024
  if (seconds > maxSeconds) problems.push(`an input takes ${seconds} seconds of processor time`)
  // The first input loads modules.
  if (megabytes > maxMegabytes && index > Number(first)) problems.push(`an input takes ${megabytes} MB`)
  for (const problem of problems) if (problem !== undefined) process.send({ index, problem })
  before = after
  // Messages are sent, and signals are heard, between inputs.
  if (index % 64 === 0) await new Promise(setImmediate)
}
