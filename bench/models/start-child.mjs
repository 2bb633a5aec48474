// One process with one model: argv is 'ours' or 'peer', folder, name, and when the process was started.
import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'

const [, , who, folder, name, started] = process.argv
const shape = [1, 3, 224, 224]
const pixels = new Float32Array(3 * 224 * 224).map((_, index) => Math.sin(index * 0.37))

async function ours() {
  // The published package has compiled files; so has a checkout after `npm run prepack`.
  const { load, Tensor } = await import('../../dist/index.js')
  const model = await load(folder)
  return async () => (await model.run({ pixelValues: Tensor.from(pixels, shape) })).logits.data()
}

async function peer() {
  const ort = createRequire(new URL('../peers/package.json', import.meta.url))('onnxruntime-node')
  const session = await ort.InferenceSession.create(`${folder}/${name}.onnx`)
  const feeds = { pixel_values: new ort.Tensor('float32', pixels, shape) }
  return () => session.run(feeds)
}

const run = await { ours, peer }[who]()
await run()
const first = Date.now() - Number(started)
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024

let gap = 0
let last = performance.now()
const timer = setInterval(() => {
  const now = performance.now()
  gap = Math.max(gap, now - last)
  last = now
}, 1)
const begun = performance.now()
const runs = 3
for (let index = 0; index < runs; index++) await run()
const length = (performance.now() - begun) / runs
await new Promise((resolve) => setTimeout(resolve, 5))
clearInterval(timer)
const weights = statSync(`${folder}/model.safetensors`).size
console.log(JSON.stringify({ first, peak, weights, gap, run: length }))
process.exit(0)
