// Workers run digits-vit at the same time, with different numbers of threads; some runs are aborted, and some workers are
// terminated. Every output has the bits that it has when it is computed alone.
import { isMainThread, parentPort } from 'node:worker_threads'
import { load, SaccadeError, Tensor } from '../../../lib/index.js'
import { Vit } from '../../../lib/models/vit/vit.js'
import { startWorker } from './start-worker.js'

const folder = new URL('../../../models/digits-vit', import.meta.url).pathname
const batches = [1, 2, 5, 8]
const threadCounts = [1, 2, 3]

interface Report {
  readonly right: number
  readonly aborted: number
}

function pixels(batch: number): Tensor<'float32'> {
  const values = Float32Array.from({ length: batch * 3 * 32 * 32 }, (_, i) => ((i * 7919) % 255) / 255)
  return Tensor.from(values, [batch, 3, 32, 32])
}

async function loadVit(threads: number): Promise<Vit> {
  const model = await load(folder, { threads })
  if (!(model instanceof Vit)) throw new Error('digits-vit is no Vit')
  return model
}

async function logitsOf(model: Vit, batch: number, signal?: AbortSignal): Promise<string> {
  const { logits } = await model.run({ pixelValues: pixels(batch) }, { signal })
  const data = await logits!.data({ signal })
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')
}

async function work(rounds: number): Promise<Report> {
  const models = await Promise.all(threadCounts.map(loadVit))
  const expected = new Map<number, string>()
  for (const batch of batches) expected.set(batch, await logitsOf(models[0]!, batch))
  let right = 0
  let aborted = 0
  const check = async (model: Vit, batch: number, signal?: AbortSignal) => {
    try {
      if ((await logitsOf(model, batch, signal)) !== expected.get(batch)) throw new Error('other bits')
      right++
    } catch (error) {
      if (!(signal && error instanceof SaccadeError && error.code === 'ABORTED')) throw error
      aborted++
    }
  }
  for (let round = 0; round < rounds; round++) {
    const cancel = new AbortController()
    const runs = batches.map((batch, i) =>
      check(models[(round + i) % models.length]!, batch, i % 2 === 0 ? cancel.signal : undefined),
    )
    setTimeout(() => cancel.abort(), round % 7)
    await Promise.all(runs)
  }
  return { right, aborted }
}

async function main(): Promise<void> {
  const start = () => startWorker(import.meta.url)
  const kept = Array.from({ length: 3 }, start)
  const reports = kept.map(
    (worker) =>
      new Promise<Report>((resolve, reject) => {
        worker.once('error', reject)
        worker.once('message', resolve)
      }),
  )
  let ended = false
  const done = Promise.all(reports).finally(() => {
    ended = true
  })
  // At any point of its loading or of its runs.
  for (let i = 0; !ended && i < 20; i++) {
    const worker = start()
    await new Promise((resolve) => setTimeout(resolve, 300 + 150 * (i % 10)))
    await worker.terminate()
  }
  for (const { right, aborted } of await done) {
    if (right < 2 * 40 || right + aborted !== 4 * 40) throw new Error(`${right} right, ${aborted} aborted`)
  }
  console.log('fine')
}

if (isMainThread) await main()
else parentPort!.postMessage(await work(40))
