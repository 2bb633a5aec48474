import { evaluate, ops, Tensor } from '../../lib/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { steady } from './line.js'

const size = 1152

/** GFLOP/s of a large matrix product: what the machine gives to this process at this moment. */
export async function productRate(threads: number): Promise<number> {
  const data = Float32Array.from({ length: size * size }, (_, index) => Math.sin(index))
  using x = Tensor.from(data, [size, size])
  const weight = constantFrom(data, [size, size], 'float32')
  const multiply = steady(async () => {
    using y = ops.matmul(x, weight)
    await evaluate([y], { threads })
  })
  const times: number[] = []
  for (let turn = 0; turn < 3; turn++) times.push(await multiply())
  return (2 * size ** 3) / Math.min(...times) / 1e6
}
