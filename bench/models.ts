// Whole models in Node against onnxruntime-node: the same networks with the same random weights, run by run in turns.
//
//   npm run bench [-- --quick] [--only vit,convnext,resnet50,clip-vit-b32,swin-t,dinov3-s,efficientnet-b0,mae-b,transformer,
//                              attention,search,busy,start,call] [--rounds N]
//
// Needs bench/peers (npm install there) and its models (make_models.py there). With --only no report is made.
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { getRuntime } from '../lib/runtime/runtime.js'
import { benchAttention } from './models/attention.js'
import { benchBusy } from './models/busy.js'
import { benchCall } from './models/call.js'
import { benchImages } from './models/images.js'
import type { Line } from './models/line.js'
import { version } from './models/peer.js'
import { benchSearch } from './models/search.js'
import { benchStart } from './models/start.js'
import { benchTranslation } from './models/translation.js'
import { benchVision, visionNames } from './models/vision.js'
import { describeMachine, saveReport } from './report.js'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 5 : 15))
const others = ['transformer', 'attention', 'search', 'busy', 'start', 'call'] as const
const names = ['vit', 'convnext', ...visionNames, ...others] as const
const only = values.only?.split(',') ?? names
const unknown = only.filter((name) => !names.some((known) => known === name))
if (unknown.length > 0) {
  console.error(`--only takes ${names.join(', ')}; not ${unknown.join(', ')}`)
  process.exit(1)
}
const wanted = (name: (typeof names)[number]) => only.includes(name)

const models = fileURLToPath(new URL('./peers/models/', import.meta.url))
if (!existsSync(models) || !existsSync(new URL('./peers/node_modules/onnxruntime-node', import.meta.url))) {
  console.error('bench/peers is not set up: see bench/README.md')
  process.exit(1)
}

const { cpu, isa, compiler } = getRuntime().native.info()
const cores = availableParallelism()
const machine = describeMachine({ cpu, cores, isa, compiler })
const sections = new Map<string, Line[]>()
const add = (section: string, lines: readonly Line[]) => {
  for (const line of lines) console.log(`${line.name}: ${line.text}`)
  sections.set(section, [...(sections.get(section) ?? []), ...lines])
}
for (const threads of new Set([1, cores])) {
  for (const batch of values.quick ? [1] : [1, 8]) {
    if (wanted('vit')) add('Models', await benchImages(models, 'vit-base-patch16', threads, batch, rounds))
    if (wanted('convnext')) add('Models', await benchImages(models, 'convnext-tiny', threads, batch, rounds))
  }
  if (wanted('transformer'))
    add('Models', await benchTranslation(models, 'transformer-base', threads, rounds))
}
for (const threads of new Set([1, cores]))
  for (const name of visionNames)
    if (wanted(name)) add('Vision', await benchVision(models, name, threads, rounds))
for (const threads of new Set([1, cores]))
  for (const rows of values.quick ? [100_000] : [100_000, 1_000_000])
    if (wanted('search')) add('Search', await benchSearch(rows, threads, rounds))
for (const threads of new Set([1, cores]))
  if (wanted('attention')) add('Attention', await benchAttention(models, threads, rounds, values.quick))
if (wanted('busy')) add('A busy machine', await benchBusy(models, 'vit-base-patch16', Math.min(rounds, 9)))
if (wanted('start')) add('Start, memory, event loop', await benchStart(models, 'vit-base-patch16', rounds))
if (wanted('call')) add('A call', await benchCall())
if (values.only === undefined) {
  const files = saveReport({
    name: 'models',
    title: 'Whole models in Node',
    command: `npm run bench${values.quick ? ' -- --quick' : ''}`,
    machine,
    notes: [
      `Against onnxruntime-node ${version}, in turns; medians with the middle four fifths. A ratio above 1: saccade is faster.`,
      "A turn begins when the process is idle (onnxruntime's threads spin for 40 ms and more after a run), with a run that is not measured.",
      'Vision: batch 1, random weights. GFLOP/s count what PyTorch counts (products and convolutions), and are compared with a product of two 1152 x 1152 matrices, before and after. Differences from PyTorch in float64 are relative to the largest element of an output.',
    ],
    tables: [...sections].map(([title, lines]) => ({
      title,
      columns: [
        { key: 'name', title: 'what' },
        { key: 'ratio', title: 'ratio' },
        { key: 'ours', title: 'saccade', digits: 1 },
        { key: 'peer', title: 'against', digits: 1 },
        { key: 'unit', title: 'unit' },
        { key: 'rounds', title: 'rounds', digits: 0 },
        { key: 'text', title: 'in words' },
      ],
      rows: lines.map(({ name, ratio, ours, peer, unit, rounds, text }) => ({
        name,
        ratio,
        ours,
        peer,
        unit,
        rounds,
        text,
      })),
    })),
  })
  console.log(`written: ${files.join(', ')}`)
}
process.exit(0)
