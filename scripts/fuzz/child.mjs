// Runs mutated inputs of a target, from an index on, until it is killed. Before each input, its index is written to a file:
// the parent reads it if this process dies or hangs.
//
//   node --import tsx scripts/fuzz/child.mjs TARGET-MODULE SEED INDEX FILE
import { openSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { SaccadeError } from '../../lib/errors.js'
import { inputOf } from './mutate.mjs'

const [module, seed, first, file] = process.argv.slice(2)
const target = await import(pathToFileURL(module).href)
const counter = openSync(file, 'r+')
const cell = new Float64Array(1)
const bytes = new Uint8Array(cell.buffer)

function started(index) {
  cell[0] = index
  writeSync(counter, bytes, 0, 8, 0)
}

for (let index = Number(first); ; index++) {
  const input = inputOf(target, Number(seed), index)
  started(index)
  try {
    await target.run(input)
  } catch (error) {
    if (!(error instanceof SaccadeError) || error.code === 'INTERNAL')
      process.send({ index, problem: String(error?.stack ?? error) })
  }
  // Messages are sent, and signals are heard, between inputs.
  if (index % 64 === 0) await new Promise(setImmediate)
}
