// What is collected gives its native memory back. Run with --expose-gc; prints one line of JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linear } from '../../../lib/ops/index.js'
import { programCount } from '../../../lib/runtime/programs.js'
import { getRuntime } from '../../../lib/runtime/runtime.js'
import { constant } from '../../../lib/tensor/constant.js'
import { Tensor } from '../../../lib/tensor/tensor.js'

const { native } = getRuntime()
const width = 1024
const megabytes = () => Math.round(native.info().memory.buffers / 1e6)

/** Finalizers run some time after the collection. */
async function collect(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const report: Record<string, number> = { before: megabytes() }

async function useTensors(): Promise<void> {
  const tensors = Array.from({ length: 10 }, () => Tensor.from(new Float32Array(1e6)))
  report.tensors = megabytes()
  for (const tensor of tensors) tensor.toString()
}

await useTensors()
await collect()
report.tensorsCollected = megabytes()

async function useWeights(file: string): Promise<void> {
  const mapping = native.mapFile(file)
  const weight = constant(mapping, 0, 'float32', [width, width]) as Tensor<'float32', [number, number]>
  const y = linear(Tensor.ones([1, width]), weight)
  report.result = (await y.data())[0]!
  report.weights = megabytes()
  report.programs = programCount()
}

const folder = mkdtempSync(join(tmpdir(), 'saccade-'))
const file = join(folder, 'weight')
writeFileSync(file, new Float32Array(width * width).fill(1))
await useWeights(file)
await collect()
report.weightsCollected = megabytes()
report.programsLeft = programCount()
rmSync(folder, { recursive: true })
console.log(JSON.stringify(report))
