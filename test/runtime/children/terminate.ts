// A worker is terminated in the middle of a run: the main thread's runs go on, and the process ends by itself.

import { isMainThread, parentPort } from 'node:worker_threads'
import { floats, longInputs, longProgram, read, sum } from '../encode.js'
import { startWorker } from './start-worker.js'

async function main(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const workers = [0, 1].map(() => startWorker(import.meta.url))
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
    const results = [0, 1, 2].map((i) => sum(3).run([floats([i, i, i]), floats([1, 2, 3])], 2))
    await new Promise((resolve) => setTimeout(resolve, 20 * round))
    await Promise.all(workers.map((worker) => worker.terminate()))
    for (const [i, [result]] of (await Promise.all(results)).entries()) {
      if (read(result)[2] !== i + 3) throw new Error('wrong result')
    }
  }
  console.log('fine')
}

if (isMainThread) {
  await main()
} else {
  const program = longProgram()
  const inputs = longInputs()
  for (let i = 0; i < 3; i++) void program.run(inputs, 2)
  parentPort!.postMessage('running')
}
