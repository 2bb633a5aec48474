// Runs the shipped models for a long time, with aborts, disposals and terminated workers. Each result must have the bits of
// the first one, and the process must not grow.
//
//   npm run soak [-- --runs=100000 --seed=1]
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, type Worker } from 'node:worker_threads'
import { pipeline, SaccadeError } from '../lib/index.js'
import { startWorker } from '../test/runtime/children/start-worker.js'

const { values } = parseArgs({
  args: isMainThread ? process.argv.slice(2) : [],
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const runs = Number(values.runs)
const models = fileURLToPath(new URL('../models/', import.meta.url))
const inFlight = 4

let state = Number(values.seed)
function below(count: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * count)
}
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!

type Run = (input: string, options: { signal?: AbortSignal }) => Promise<unknown>

/** A model in one precision: loaded when it is needed, and disposed now and then. */
class Subject {
  readonly #open: () => Promise<{ run: Run; dispose: () => Promise<void> }>
  readonly #inputs: readonly string[]
  readonly #expected = new Map<string, string>()
  #opened: ReturnType<Subject['open']> | undefined
  #users = 0

  constructor(open: Subject['open'], inputs: readonly string[]) {
    this.#open = open
    this.#inputs = inputs
  }

  get open() {
    return this.#open
  }

  /** One run on one of the inputs. @returns whether it was aborted */
  async run(signal?: AbortSignal): Promise<boolean> {
    const input = pick(this.#inputs)
    this.#users++
    try {
      this.#opened ??= this.#open()
      const { run } = await this.#opened
      // JSON has all digits of a float32.
      const result = JSON.stringify(await run(input, signal ? { signal } : {}))
      const expected = this.#expected.get(input)
      if (expected === undefined) this.#expected.set(input, result)
      else if (result !== expected) throw new Error(`${input}: expected ${expected}, got ${result}`)
      return false
    } catch (error) {
      if (signal?.aborted && error instanceof SaccadeError && error.code === 'ABORTED') return true
      throw error
    } finally {
      this.#users--
    }
  }

  /** Disposes the model if nobody uses it. */
  async close(): Promise<void> {
    if (this.#users > 0 || !this.#opened) return
    const opened = this.#opened
    this.#opened = undefined
    await (await opened).dispose()
  }
}

function subjects(): Subject[] {
  const list: Subject[] = []
  for (const dtype of ['fp32', 'bf16', 'q8'] as const) {
    for (const name of ['digits-vit', 'digits-convnext']) {
      const samples = join(models, name, 'samples')
      const pictures = readdirSync(samples).filter((file) => file.endsWith('.png'))
      const open = async () => {
        const classify = await pipeline('image-classification', join(models, name), { dtype })
        return {
          run: (file: string, options: object) => classify(file, options),
          dispose: () => classify.dispose(),
        }
      }
      list.push(
        new Subject(
          open,
          pictures.slice(0, 5).map((file) => join(samples, file)),
        ),
      )
    }
    const open = async () => {
      const translate = await pipeline('translation', join(models, 'numbers-en-ru'), { dtype })
      return {
        run: (text: string, options: object) => translate(text, options),
        dispose: () => translate.dispose(),
      }
    }
    list.push(new Subject(open, ['seven', 'twenty one', 'three hundred and five']))
  }
  return list
}

interface Sizes {
  readonly megabytes: number
  readonly maps: number
  readonly threads: number
  readonly files: number
}

async function measure(): Promise<Sizes> {
  // Finalizers of native objects run between garbage collections.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 700))
  }
  return {
    megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20),
    maps: readFileSync('/proc/self/maps', 'utf8').split('\n').length,
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
  }
}

/** How often each file is open, for the report. */
function openFiles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`).replace(/\d{3,}/, '#')
      counts[target] = (counts[target] ?? 0) + 1
    } catch {
      // closed meanwhile: the descriptor of the folder itself
    }
  }
  return counts
}

/** How many files of weights are mapped. Each mapping has a first page. */
function weightsMapped(): number {
  const first = /^\S+ \S+ 0+ .*\.safetensors$/gm
  return readFileSync('/proc/self/maps', 'utf8').match(first)?.length ?? 0
}

async function main(): Promise<void> {
  const all = subjects()
  const counts = { runs: 0, aborted: 0, disposals: 0, terminations: 0 }
  let worker: Worker | undefined
  let changing = Promise.resolve()

  async function step(): Promise<void> {
    const number = ++counts.runs
    if (below(50) === 0) {
      counts.disposals++
      await pick(all).close()
    }
    const abort = below(6) === 0 ? new AbortController() : undefined
    const timer = abort && setTimeout(() => abort.abort(), below(8))
    if (await pick(all).run(abort?.signal)) counts.aborted++
    clearTimeout(timer)
    if (number % 250 !== 0) return
    counts.terminations++
    // One change after the other: two at once would lose a worker.
    changing = changing.then(async () => {
      await worker?.terminate()
      worker = await startedWorker()
    })
    await changing
  }

  /** Its sizes are printed at once: a run of hours may be stopped before its end. */
  async function phase(name: string, count: number): Promise<Sizes> {
    const end = counts.runs + count
    const loop = async () => {
      while (counts.runs < end) await step()
    }
    await Promise.all(Array.from({ length: inFlight }, loop))
    await worker?.terminate()
    worker = undefined
    const sizes = await measure()
    console.log(`${name}, ${counts.runs} runs: ${JSON.stringify(sizes)}`)
    return sizes
  }

  const started = performance.now()
  const first = await phase('a tenth', Math.ceil(runs / 10))
  await phase('the middle', Math.ceil(runs * 0.45))
  const last = await phase('the end', runs - counts.runs)
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${JSON.stringify(counts)} in ${seconds} s, all results with the bits of the first ones`)
  const grown = [
    ...(last.megabytes > first.megabytes * 1.1 + 40 ? ['memory'] : []),
    ...(last.maps > first.maps * 1.1 + 20 ? ['memory maps'] : []),
    ...(last.threads > first.threads + 2 ? ['threads'] : []),
    // Node leaves a file open if a worker is terminated while it opens it; the headers of weights are read by Node, too.
    // Saccade itself maps the weights, once for each model.
    ...(last.files > first.files + 4 + counts.terminations / 4 ? ['open files'] : []),
    ...(weightsMapped() > all.length ? ['mapped weights'] : []),
  ]
  if (grown.length > 0) console.log(openFiles())
  if (grown.length > 0) throw new Error(`the process grows: ${grown.join(', ')}`)
}

/** A worker that has run a model: one that is terminated while it loads modules leaves their files open, in Node itself. */
function startedWorker(): Promise<Worker> {
  const worker = startWorker(import.meta.url)
  return new Promise((resolve) => {
    worker.on('message', (message) => {
      if (message !== 'started') throw new Error(`a worker: ${message}`)
      resolve(worker)
    })
  })
}

/** A worker runs the models until it is terminated. */
async function work(): Promise<void> {
  try {
    const all = subjects()
    await pick(all).run()
    parentPort!.postMessage('started')
    for (;;) await pick(all).run()
  } catch (error) {
    parentPort!.postMessage(String(error))
  }
}

await (isMainThread ? main() : work())
process.exit()
