// Measures the table of layer types (Vaswani et al. 2017, table 1): time over the sequence length n and the width d, with
// fitted exponents; the number of sequential operations; and the maximum path length.
//
//   npm run bench:complexity [-- --quick]
import { parseArgs } from 'node:util'
import { evaluate } from '../lib/index.js'
import { getRuntime } from '../lib/runtime/runtime.js'
import { exponentOf } from './complexity/fit.js'
import { filter, type LayerType, layerTypes, neighbourhood, sequences } from './complexity/layers.js'
import { drawPowerLaws, type Point } from './complexity/plot.js'
import { pathLength, sequentialOperations } from './complexity/structure.js'
import { describeMachine, renderMarkdown, type Spread, saveReport, spreadOf } from './report.js'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const rounds = values.quick ? 3 : 11
const batch = 8
/** Sizes at which sequential operations and paths are counted. */
const structureSize = { n: 256, d: 16 }

type Axis = 'n' | 'd'
const axes: readonly Axis[] = ['n', 'd']

/** Times of one layer type along one axis: for each size a list with one entry for each round. */
interface Series {
  readonly layer: LayerType
  readonly axis: Axis
  readonly sizes: readonly number[]
  readonly times: readonly number[][]
}

const sweepOf = (layer: LayerType, axis: Axis) => (axis === 'n' ? layer.overN : layer.overD)

async function timeOf(layer: LayerType, n: number, d: number): Promise<number> {
  const x = sequences(batch, n, d)
  const run = async () => {
    using y = layer.build(x, 0)
    const started = performance.now()
    await evaluate([y], { threads: 1 })
    return performance.now() - started
  }
  await run() // compiles the program and packs its weights
  const time = await run()
  x.dispose()
  return time
}

/** Measures all sizes in each round, so that a temporary load affects all of them and not the fit. */
async function measure(): Promise<Series[]> {
  const series = layerTypes.flatMap((layer) =>
    axes.map((axis) => {
      const { sizes } = sweepOf(layer, axis)
      return { layer, axis, sizes, times: sizes.map((): number[] => []) }
    }),
  )
  for (let round = 0; round < rounds; round++) {
    for (const { layer, axis, sizes, times } of series) {
      const { other } = sweepOf(layer, axis)
      for (const [index, size] of sizes.entries())
        times[index]!.push(await (axis === 'n' ? timeOf(layer, size, other) : timeOf(layer, other, size)))
    }
    console.log(`round ${round + 1} of ${rounds}`)
  }
  return series
}

/** Fits each round separately: the spread is the uncertainty of the exponent. */
function exponents({ sizes, times }: Series): Spread {
  return spreadOf(
    Array.from({ length: rounds }, (_, round) =>
      exponentOf(
        sizes,
        times.map((list) => list[round]!),
      ),
    ),
  )
}

const { isa, cpu, cores, compiler } = getRuntime().native.info()
const machine = describeMachine({ cpu, cores, isa, compiler })
const series = await measure()
const find = (layer: LayerType, axis: Axis) => series.find((one) => one.layer === layer && one.axis === axis)!

const rows = []
for (const layer of layerTypes) {
  const { n, d } = structureSize
  rows.push({
    layer: layer.name,
    cost: layer.cost,
    expectedN: layer.exponents.n,
    n: exponents(find(layer, 'n')),
    expectedD: layer.exponents.d,
    d: exponents(find(layer, 'd')),
    sequential: layer.sequential,
    chain: sequentialOperations(layer, n, d),
    path: layer.path,
    length: await pathLength(layer, n, d),
  })
}

const report = {
  name: 'complexity',
  title: 'Layers by their cost',
  command: `npm run bench:complexity${values.quick ? ' -- --quick' : ''}`,
  machine,
  notes: [
    `${batch} sequences at a time, float32, one thread; k = ${filter}, r = ${neighbourhood}`,
    `chains and paths are counted at n = ${structureSize.n}`,
  ],
  tables: [
    {
      title: 'Layer types',
      columns: [
        { key: 'layer', title: 'layer' },
        { key: 'cost', title: 'cost' },
        { key: 'expectedN', title: 'exponent of n', digits: 0 },
        { key: 'n', title: 'measured' },
        { key: 'expectedD', title: 'exponent of d', digits: 0 },
        { key: 'd', title: 'measured' },
        { key: 'sequential', title: 'sequential operations' },
        { key: 'chain', title: 'counted', digits: 0 },
        { key: 'path', title: 'maximum path length' },
        { key: 'length', title: 'counted', digits: 0 },
      ],
      rows,
    },
    ...axes.map((axis) => ({
      title: `Milliseconds over ${axis}`,
      columns: [
        { key: 'layer', title: 'layer' },
        { key: 'other', title: axis === 'n' ? 'd' : 'n', digits: 0 },
        { key: 'size', title: axis, digits: 0 },
        { key: 'time', title: 'ms' },
      ],
      rows: series
        .filter((one) => one.axis === axis)
        .flatMap(({ layer, sizes, times }) =>
          sizes.map((size, index) => ({
            layer: layer.name,
            other: sweepOf(layer, axis).other,
            size,
            time: spreadOf(times[index]!),
          })),
        ),
    })),
  ],
  figures: Object.fromEntries(
    axes.map((axis) => [
      `Time over ${axis}`,
      drawPowerLaws(pointsOf(axis), axis === 'n' ? 'n, places' : 'd, channels'),
    ]),
  ),
}

function pointsOf(axis: Axis): Point[] {
  return series
    .filter((one) => one.axis === axis)
    .flatMap(({ layer, sizes, times }) =>
      sizes.map((size, index) => ({
        layer: layer.name,
        size,
        milliseconds: spreadOf(times[index]!).median,
      })),
    )
}

console.log(renderMarkdown({ ...report, tables: report.tables.slice(0, 1) }))
console.log(`written: ${saveReport(report).join(', ')}`)
