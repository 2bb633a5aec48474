/** Makes a report from the output of Google Benchmark for bench/native. */
import { describeMachine, type Report, type Spread, type Table } from '../report.js'

/** The parts of Google Benchmark's JSON that are read here. Counters are additional fields. */
export interface BenchmarkOutput {
  readonly context: Readonly<Record<string, unknown>>
  readonly benchmarks: readonly Readonly<Record<string, string | number>>[]
}

/** A line of bench/native, by the five parts of its name (bench/native/line.cc). */
interface Line {
  readonly group: string
  readonly name: string
  readonly variant: string
  readonly threads: number
  readonly unit: string
  readonly peak: string
  readonly cold: string
  readonly time: Spread
  readonly rate: Spread
  readonly share: Spread | undefined
  readonly error: number | undefined
  readonly peers: Readonly<Record<string, Spread>>
}

const against = 'against:'

export function nativeReport({ context, benchmarks }: BenchmarkOutput, command: string): Report {
  const lines = readLines(benchmarks)
  const isa = String(context.isa)
  const skipped = Object.keys(context).filter((key) => /^(peer|missing):/.test(key))
  const facts = { cpu: String(context.cpu), cores: Number(context.cores), compiler: String(context.compiler) }
  const machine = {
    ...describeMachine({ ...facts, isa }),
    // As they were before the run.
    date: new Date(String(context.date)).toISOString(),
    load: (context.load_avg as number[])[0]!,
  }
  const forced = command.startsWith('SACCADE_ISA=')
  return {
    name: forced ? `native-${isa}` : 'native',
    title: 'Native benchmarks',
    command,
    machine,
    notes: skipped.map((key) => `${key.replace(/^\w+:/, '')}: ${context[key]}`),
    tables: [machineTable(lines), summaryTable(lines), ...layerTables(lines)].filter(
      ({ rows }) => rows.length,
    ),
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

function readLines(benchmarks: BenchmarkOutput['benchmarks']): Line[] {
  const runs = groupBy(benchmarks, (entry) => String(entry.run_name))
  return [...runs].map(([runName, entries]) => {
    const spread = (field: string, factor = 1): Spread | undefined => {
      const at = (name: string) => {
        const value = entries.find((entry) => entry.aggregate_name === name)?.[field]
        return typeof value === 'number' ? value * factor : Number.NaN
      }
      const found = { median: at('median'), low: at('p10'), high: at('p90') }
      return Number.isNaN(found.median) ? undefined : found
    }
    const [group, name, variant, threads, quantity] = runName.split('/') as [
      string,
      string,
      string,
      string,
      string,
    ]
    const [unit, peak] = quantity.split(' of ') as [string, string]
    const first = entries[0]!
    const peers = Object.keys(first).filter((key) => key.startsWith(against))
    return {
      group,
      name,
      variant,
      threads: Number(threads),
      unit: `${unit}/s`,
      peak,
      cold: String(first.label ?? ''),
      time: spread('real_time')!,
      rate: spread('rate')!,
      share: spread('ofPeak', 100),
      error: spread('error')?.median,
      peers: Object.fromEntries(peers.map((key) => [key.slice(against.length), spread(key)!])),
    }
  })
}

function machineTable(lines: readonly Line[]): Table {
  return {
    title: 'The machine',
    note: 'What it reaches with nothing else to do; copying counts bytes read and written.',
    columns: [
      { key: 'peak', title: 'peak of' },
      { key: 'threads', title: 'threads', digits: 0 },
      { key: 'rate', title: 'rate', digits: 1 },
      { key: 'unit', title: 'unit' },
    ],
    rows: lines
      .filter(({ group }) => group === 'machine')
      .map(({ peak, threads, rate, unit }) => ({ peak, threads, rate, unit })),
  }
}

/** Products by model, for which there are goals. */
function summaryTable(lines: readonly Line[]): Table {
  const products = lines.filter(({ group, unit }) => group === 'gemm' && unit === 'GFLOP/s')
  const plain = products.filter(({ name }) => !name.includes('bias'))
  const groups = groupBy(plain, ({ name, variant, threads }) => {
    const [, model, batch] = /^(\S+) .*, batch (\d+)/.exec(name)!
    return [variant, model, batch, threads].join(' ')
  })
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
  return {
    title: 'Matrix products by model',
    note: 'Of the medians of its layers (those that are not streams of weights): the lowest, and the median. A ratio is how many times as fast as the better peer.',
    columns: [
      { key: 'precision', title: 'precision' },
      { key: 'model', title: 'model' },
      { key: 'batch', title: 'batch' },
      { key: 'threads', title: 'threads', digits: 0 },
      { key: 'lowest', title: 'lowest % of peak', digits: 1 },
      { key: 'median', title: 'median % of peak', digits: 1 },
      { key: 'lowestRatio', title: 'lowest ratio' },
      { key: 'ratio', title: 'median ratio' },
    ],
    rows: [...groups].map(([key, members]) => {
      const [precision, model, batch] = key.split(' ') as [string, string, string]
      const shares = members.map(({ share }) => share!.median)
      const ratios = members.flatMap((line) => bestPeer(line)?.median ?? [])
      return {
        precision,
        model,
        batch,
        threads: members[0]!.threads,
        lowest: Math.min(...shares),
        median: middle(shares),
        lowestRatio: ratios.length ? Math.min(...ratios) : undefined,
        ratio: ratios.length ? middle(ratios) : undefined,
      }
    }),
  }
}

/** Speedup over the fastest peer. */
function bestPeer({ peers }: Line): Spread | undefined {
  return Object.values(peers).sort((a, b) => a.median - b.median)[0]
}

function layerTables(lines: readonly Line[]): Table[] {
  const groups = groupBy(
    lines.filter(({ group }) => group !== 'machine'),
    ({ group, threads }) => `${group}, ${threads} thread${threads === 1 ? '' : 's'}`,
  )
  return [...groups].map(([title, members]) => {
    const peers = [...new Set(members.flatMap((line) => Object.keys(line.peers)))]
    return {
      title,
      note: [...new Set(members.map(({ cold }) => cold))].join('; '),
      columns: [
        { key: 'name', title: 'layer' },
        { key: 'variant', title: 'type' },
        { key: 'time', title: 'µs', digits: 1 },
        { key: 'rate', title: 'rate', digits: 1 },
        { key: 'unit', title: 'unit' },
        { key: 'share', title: '% of peak', digits: 1 },
        { key: 'peak', title: 'peak of' },
        { key: 'error', title: 'error' },
        ...peers.map((peer) => ({ key: peer, title: `times as fast as ${peer}` })),
      ],
      rows: members.map(({ name, variant, time, rate, unit, share, peak, error, peers: races }) => ({
        name,
        variant,
        time,
        rate,
        unit,
        share,
        peak,
        error: error?.toExponential(1),
        ...races,
      })),
    }
  })
}
