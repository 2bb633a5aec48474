// A listener for SIGBUS is called for a signal that is sent, and a file that is cut is an error in the main thread and in
// a worker.
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort } from 'node:worker_threads'
import { startWorker } from './start-worker.js'

if (isMainThread) process.on('SIGBUS', (name) => console.log(name))
const { native } = await import('../encode.js')

function readCut(file: string): string {
  const n = 1 << 20
  writeFileSync(file, Buffer.alloc(n))
  const part = native.mapFile(file).buffer(0, n)
  truncateSync(file, 1)
  try {
    part.read()
  } catch (error) {
    return String((error as { code?: string }).code)
  }
  return 'nothing was thrown'
}

if (isMainThread) {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-cut-'))
  const code = readCut(join(folder, 'main'))
  const called = once(process, 'SIGBUS')
  process.kill(process.pid, 'SIGBUS')
  // A listener for a signal does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  await called
  clearInterval(alive)
  console.log(code)
  const worker = startWorker(import.meta.url)
  const [inWorker] = await once(worker, 'message')
  await once(worker, 'exit')
  console.log(inWorker)
  rmSync(folder, { recursive: true })
} else {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-cut-'))
  parentPort!.postMessage(readCut(join(folder, 'worker')))
  rmSync(folder, { recursive: true })
}
