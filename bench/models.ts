// Whole models in Node against onnxruntime-node: the same networks with the same random weights, run by run in turns.
//
//   npm run bench [-- --quick] [--only vit,convnext,transformer,start,call] [--rounds N]
//
// Needs bench/peers (npm install there) and its models (make_models.py there).
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { getRuntime } from '../lib/runtime/runtime.js'
import { benchCall } from './models/call.js'
import { benchImages } from './models/images.js'
import type { Line } from './models/line.js'
import { benchStart } from './models/start.js'
import { benchTranslation } from './models/translation.js'
import { describeMachine, saveReport } from './report.js'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 5 : 15))
const wanted = (name: string) => values.only === undefined || values.only.split(',').includes(name)

const models = fileURLToPath(new URL('./peers/models/', import.meta.url))
if (!existsSync(models) || !existsSync(new URL('./peers/node_modules/onnxruntime-node', import.meta.url))) {
  console.error('bench/peers is not set up: see bench/README.md')
  process.exit(1)
}

const { cpu, isa, compiler } = getRuntime().native.info()
const cores = availableParallelism()
const machine = describeMachine({ cpu, cores, isa, compiler })
const lines: Line[] = []
const add = (more: readonly Line[]) => {
  for (const line of more) console.log(`${line.name}: ${line.text}`)
  lines.push(...more)
}
for (const threads of [...new Set([1, cores])]) {
  for (const batch of values.quick ? [1] : [1, 8]) {
    for (const name of ['vit-base-patch16', 'convnext-tiny'])
      if (wanted(name.split('-')[0]!)) add(await benchImages(models, name, threads, batch, rounds))
  }
  if (wanted('transformer')) add(await benchTranslation(models, 'transformer-base', threads, rounds))
}
if (wanted('start')) add(await benchStart(models, 'vit-base-patch16', rounds))
if (wanted('call')) add(await benchCall())
if (values.only === undefined) {
  const files = saveReport({
    name: 'models',
    title: 'Whole models in Node',
    command: `npm run bench${values.quick ? ' -- --quick' : ''}`,
    machine,
    notes: ['Run by run in turns; medians with the middle four fifths. A ratio above 1: saccade is faster.'],
    tables: [
      {
        title: 'Models',
        columns: [
          { key: 'name', title: 'what' },
          { key: 'ratio', title: 'ratio' },
          { key: 'ours', title: 'saccade', digits: 1 },
          { key: 'peer', title: 'against', digits: 1 },
          { key: 'unit', title: 'unit' },
          { key: 'text', title: 'in words' },
        ],
        rows: lines.map(({ name, ratio, ours, peer, unit, text }) => ({
          name,
          ratio,
          ours,
          peer,
          unit,
          text,
        })),
      },
    ],
  })
  console.log(`written: ${files.join(', ')}`)
}
process.exit(0)
