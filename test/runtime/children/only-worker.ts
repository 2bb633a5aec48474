// The addon is loaded by workers alone, one after the other: when the last one ends, the system would unload the
// library under its threads. The main thread never loads it.
import { isMainThread, parentPort } from 'node:worker_threads'
import { startWorker } from './start-worker.js'

if (isMainThread) {
  for (let round = 0; round < 5; round++) {
    const worker = startWorker(import.meta.url)
    await new Promise((resolve) => worker.once('message', resolve))
    if (round % 2 === 0) await worker.terminate()
    else await new Promise((resolve) => worker.once('exit', resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  console.log('fine')
} else {
  const { floats, longInputs, longProgram, read, sum } = await import('../encode.js')
  const [result] = await sum(2).run([floats([1, 2]), floats([3, 4])], 2)
  if (read(result)[1] !== 6) throw new Error('wrong result')
  const { native } = await import('../encode.js')
  const cancel = native.createCancel()
  const run = longProgram()
    .run(longInputs(), 2, cancel)
    .catch((error: Error) => error)
  parentPort!.postMessage('running')
  await new Promise((resolve) => setTimeout(resolve, 30))
  cancel.cancel()
  await run
}
