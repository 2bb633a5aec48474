// The thread of background.ts: loads a tokenizer, and encodes the texts of its jobs.
import { parentPort, workerData } from 'node:worker_threads'
import { SaccadeError } from '../errors.js'
import { setLimits } from '../limits.js'
import { type Answer, type Encoded, type Job, threadError } from './background.js'
import { openTokenizer } from './load.js'
import type { TokenizerSource } from './settings.js'

const { dir, overrides }: TokenizerSource = workerData
const loading = openTokenizer(dir, overrides)
// A job reports the error.
loading.catch(() => undefined)

parentPort!.on('message', async ({ text, options, limits }: Job) => {
  try {
    setLimits(limits)
    const { inputIds, tokenTypeIds } = (await loading).encode(text, options)
    const ids = Int32Array.from(inputIds)
    const typeIds = tokenTypeIds && Int32Array.from(tokenTypeIds)
    const answer: Encoded = { ids, typeIds }
    parentPort!.postMessage(answer, typeIds ? [ids.buffer, typeIds.buffer] : [ids.buffer])
  } catch (error) {
    const { code, message } = error instanceof SaccadeError ? error : threadError(error)
    const answer: Answer = { code, message }
    parentPort!.postMessage(answer)
  }
})
