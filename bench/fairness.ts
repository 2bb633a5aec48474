// How long a short run waits beside streams of long ones, and what that costs the streams.
//
//   npm run bench:fairness [-- --quick]
//
// The short run is digits-vit on a batch of images, every 250 ms. A stream is a worker thread that runs ViT-B/16 on a
// batch of 8 again and again; its weights are zeros, which cost as much as others.
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { load, Tensor } from '../lib/index.js'
import type { Vit } from '../lib/models/vit/vit.js'
import { getRuntime } from '../lib/runtime/runtime.js'
import { largeVit } from '../test/support/large-vit.js'
import { describeMachine, saveReport } from './report.js'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const seconds = values.quick ? 8 : 40
const between = 250
const batch = 8
const smallBatch = 8

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const folder = fileURLToPath(new URL('../models/digits-vit', import.meta.url))
const script = fileURLToPath(new URL('../test/support/model-worker.mjs', import.meta.url))

/** A worker that runs ViT-B/16 without a pause, and how many images it has done. */
class Stream {
  images = 0
  readonly #worker: Worker

  static async start(dir: string): Promise<Stream> {
    const worker = new Worker(script, { workerData: { dir, batch } })
    await once(worker, 'message')
    return new Stream(worker)
  }

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', () => {
      this.images += batch
      worker.postMessage('run')
    })
    worker.postMessage('run')
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Images a second of all streams while `during` runs. Runs that are under way at an end count in part, as one run. */
async function rateOf<T>(streams: readonly Stream[], during: () => Promise<T>): Promise<[number, T]> {
  const images = () => streams.reduce((sum, stream) => sum + stream.images, 0)
  const [before, started] = [images(), performance.now()]
  const result = await during()
  return [(images() - before) / ((performance.now() - started) / 1000), result]
}

const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!

const { cpu, isa, compiler } = getRuntime().native.info()
const machine = describeMachine({ cpu, cores: availableParallelism(), isa, compiler })
const large = largeVit()
using small = (await load(folder)) as Vit
const pixelValues = Tensor.zeros([smallBatch, 3, 32, 32])

/** Milliseconds of short runs for so many seconds. */
async function shortRuns(): Promise<number[]> {
  const times: number[] = []
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await wait(between)) {
    const started = performance.now()
    const { logits } = await small.run({ pixelValues })
    await logits!.data()
    times.push(performance.now() - started)
  }
  return times
}

const rows: Record<string, string | number>[] = []
for (let round = 0; round < 20; round++) await small.run({ pixelValues })
for (const count of [0, 1, 3]) {
  const streams = await Promise.all(Array.from({ length: count }, () => Stream.start(large.dir)))
  await wait(count * 5000)
  const [alone] = await rateOf(streams, () => wait(count === 0 ? 0 : seconds * 1000))
  const [beside, times] = await rateOf(streams, shortRuns)
  await Promise.all(streams.map((stream) => stream.end()))
  const row = {
    streams: count,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    most: Math.max(...times),
    runs: times.length,
    alone,
    beside,
  }
  rows.push(row)
  console.log(JSON.stringify(row))
}
large.remove()
const files = saveReport({
  name: 'fairness',
  title: 'A short run beside long ones',
  command: `npm run bench:fairness${values.quick ? ' -- --quick' : ''}`,
  machine,
  notes: [
    `A short run is digits-vit on ${smallBatch} images, every ${between} ms from the main thread; a stream is ViT-B/16 on ${batch} images without a pause, in a worker thread. All with the default number of threads.`,
    'Images a second are of all streams together, first without the short runs, then beside them.',
  ],
  tables: [
    {
      title: 'Milliseconds of a short run, images a second of the streams',
      columns: [
        { key: 'streams', title: 'streams', digits: 0 },
        ...(['p50', 'p95', 'p99', 'most'] as const).map((key) => ({ key, title: key, digits: 1 })),
        { key: 'runs', title: 'short runs', digits: 0 },
        { key: 'alone', title: 'images/s, alone' },
        { key: 'beside', title: 'images/s, beside' },
      ],
      rows,
    },
  ],
})
console.log(`written: ${files.join(', ')}`)
process.exit(0)
