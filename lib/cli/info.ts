import { stat } from 'node:fs/promises'
import { Command } from 'commander'
import { shorten } from '../errors.js'
import { sizeOf } from '../graph/shape.js'
import { load } from '../models/load.js'
import type { Model } from '../models/model.js'
import { getRuntime } from '../runtime/runtime.js'
import { escapeText } from './escape.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, loadFlags } from './options.js'
import { printJson, printLine } from './output.js'

/** Names of unused tensors that are shown for each reason. */
const listed = 10

export const infoCommand = addHubOptions(
  new Command('info')
    .description('describe a model and this machine')
    .argument('<dir>', 'folder of the model, or its name on the Hub'),
).action(async (dir: string, flags: HubFlags) => {
  using model = await load(dir, loadFlags(flags, interruptSignal()))
  const facts = { ...(await describeModel(model)), machine: describeMachine() }
  if (flags.json) printJson(facts)
  else printFacts(facts)
})

/** Counts each stored tensor once, even if it has several names, or the model does not use it. */
async function describeModel({ info, checkpoint }: Model) {
  const precisions: Record<string, number> = {}
  const counted = new Set<string>()
  let parameters = 0
  for (const name of checkpoint.names()) {
    const { dtype, shape, file, offset } = checkpoint.info(name)
    const place = `${file}@${offset} ${shape}`
    if (counted.has(place)) continue
    counted.add(place)
    parameters += sizeOf(shape)
    precisions[dtype] = (precisions[dtype] ?? 0) + sizeOf(shape)
  }
  const sizes = await Promise.all(checkpoint.files.map(async (file) => (await stat(file)).size))
  return {
    architecture: info.architecture,
    layout: info.layout,
    tasks: info.tasks,
    labels: info.labels?.length ?? 0,
    ...(info.imageSize && { imageSize: info.imageSize }),
    parameters,
    precision: precisions,
    unused: info.unused,
    files: checkpoint.files,
    memory: {
      file: sizes.reduce((sum, size) => sum + size, 0),
      // Packed weights in float32; activations are not included.
      weights: parameters * 4,
    },
  }
}

function describeMachine() {
  const { isa, isas, cpu, cores, devices } = getRuntime().native.info()
  return {
    cpu,
    cores,
    isa,
    isas,
    devices: Object.fromEntries(
      devices.map(({ name, available, reason, description }) => [name, available ? description : reason]),
    ),
  }
}

type Facts = Awaited<ReturnType<typeof describeModel>> & { machine: ReturnType<typeof describeMachine> }

function printFacts({ machine, memory, precision, files, imageSize, unused, ...facts }: Facts): void {
  const rows: [string, string][] = [
    ['architecture', facts.architecture],
    ['layout', facts.layout],
    ['tasks', facts.tasks.join(', ') || 'none'],
    ['labels', String(facts.labels)],
    ...(imageSize ? [['image', imageSize.join(' x ')] as [string, string]] : []),
    ['parameters', facts.parameters.toLocaleString('en')],
    [
      'precision',
      Object.entries(precision)
        .map(([dtype, count]) => `${dtype} (${count.toLocaleString('en')})`)
        .join(', '),
    ],
    ...unusedRows(unused),
    ['memory', `${megabytes(memory.file)} on disk, ${megabytes(memory.weights)} packed in fp32`],
    ['files', files.join(', ')],
    ['cpu', `${machine.cpu}, ${machine.cores} cores`],
    ['instructions', `${machine.isa} (of ${machine.isas.join(', ')})`],
    [
      'devices',
      Object.entries(machine.devices)
        .map(([name, state]) => `${name} (${state})`)
        .join(', '),
    ],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, text] of rows) printLine(`${name.padEnd(width)}  ${escapeText(text)}`)
}

/** A row for each reason. */
function unusedRows(unused: Model['info']['unused']): [string, string][] {
  return [...new Set(unused.map(({ reason }) => reason))].map((reason) => {
    const names = unused.filter((tensor) => tensor.reason === reason).map(({ name }) => shorten(name))
    const more = names.length > listed ? ` and ${names.length - listed} more` : ''
    return ['unused', `${names.slice(0, listed).join(', ')}${more} (${reason})`]
  })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`
}
