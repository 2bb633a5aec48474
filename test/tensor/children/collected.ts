// What tensors hold of native memory, and what they give back. Run with --expose-gc in a process of its own, where
// nothing else is collected meanwhile; prints one line of JSON, in bytes and megabytes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ops from '../../../lib/ops/index.js'
import { getRuntime } from '../../../lib/runtime/runtime.js'
import { constant } from '../../../lib/tensor/constant.js'
import { evaluate } from '../../../lib/tensor/evaluate.js'
import { Tensor } from '../../../lib/tensor/tensor.js'

const { native } = getRuntime()
const width = 1024
const bytes = () => native.info().memory.buffers
const megabytes = () => Math.round(bytes() / 1e6)

/** Finalizers run some time after the collection. */
async function collect(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const report: Record<string, number> = { before: bytes() }

async function dispose(): Promise<void> {
  const x = Tensor.from(new Float32Array(1000))
  report.given = bytes()
  const y = ops.exp(ops.neg(ops.reshape(x, [10, 100])))
  report.lazy = bytes()
  await evaluate([y])
  report.computed = bytes()
  x.dispose()
  report.operandGone = bytes()
  y.dispose()
  report.allGone = bytes()
}

async function using(): Promise<number> {
  using x = Tensor.from(new Float32Array(5000))
  using y = ops.neg(x)
  // The call that is made keeps what it needs.
  return ops.sum(ops.exp(y)).item()
}

/** Numbers that are repeated to a million places: only the one is kept, a constant of the program. */
async function repeat(): Promise<void> {
  using total = ops.sum(ops.mul(ops.add(Tensor.zeros([1000, 1000]), 0.5), Tensor.full([1000, 1000], 2)))
  report.repeated = await total.item()
}

/** A cache that a run has written over lives on in its result alone. */
async function update(): Promise<void> {
  const cache = Tensor.zeros([1, 1, 1000, 1])
  await evaluate([cache])
  const next = ops.update(cache, Tensor.ones([1, 1, 1, 1]), Tensor.from([0], [1], 'int32'))
  await evaluate([next])
  report.updated = bytes() - 4
  next.dispose()
  report.updateGone = bytes() - 4
}

await dispose()
await update()
await collect()
report.used = await using()
report.afterUsing = bytes()
await repeat()
await collect()
report.afterRepeat = bytes()

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
  const y = ops.linear(Tensor.ones([1, width]), weight)
  report.result = (await y.data())[0]!
  report.weights = megabytes()
}

const folder = mkdtempSync(join(tmpdir(), 'saccade-'))
const file = join(folder, 'weight')
writeFileSync(file, new Float32Array(width * width).fill(1))
await useWeights(file)
await collect()
report.weightsCollected = megabytes()
rmSync(folder, { recursive: true })
console.log(JSON.stringify(report))
