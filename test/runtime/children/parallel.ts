// Eight workers load the addon at once and compute.
import { isMainThread, parentPort } from 'node:worker_threads'
import { startWorker } from './start-worker.js'

if (isMainThread) {
  const workers = Array.from({ length: 8 }, () => startWorker(import.meta.url))
  const ends = workers.map(
    (worker) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject)
        worker.once('message', resolve)
      }),
  )
  console.log((await Promise.all(ends)).join(' '))
} else {
  const { floats, native, read, sum } = await import('../encode.js')
  const program = sum(1000)
  const shared = native.publishConstant('shared', floats(new Float32Array(1000).fill(1)))
  let total = 0
  for (let i = 0; i < 100; i++) {
    const [result] = await program.run([shared, shared], 1 + (i % 4))
    total += read(result)[999]!
  }
  parentPort!.postMessage(total)
}
