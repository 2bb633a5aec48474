// A worker that loads a model and runs it whenever it is told to.
import { parentPort, workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { load, Tensor } = await import('../../lib/index.ts')
const model = await load(workerData.dir)
parentPort.on('message', async () => {
  const { logits } = await model.run({ pixelValues: Tensor.zeros([workerData.batch, 3, 224, 224]) })
  parentPort.postMessage((await logits.data()).reduce((sum, value) => sum + value, 0))
})
parentPort.postMessage('ready')
