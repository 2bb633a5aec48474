// Asks for more memory than SACCADE_MEMORY_LIMIT allows, then for less.
import { register } from 'tsx/esm/api'

register()
const { ops, Tensor } = await import('../../lib/index.ts')
try {
  await ops.exp(Tensor.zeros([4096, 4096])).data()
} catch (error) {
  console.log(error.code, error.message)
}
await ops.exp(Tensor.zeros([16, 16])).data()
console.log('works after it')
