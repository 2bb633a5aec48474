// Attention over 16384 places, and what memory that takes: one line of JSON.
import * as ops from '../../../lib/ops/index.js'
import { getRuntime } from '../../../lib/runtime/runtime.js'
import { evaluate } from '../../../lib/tensor/evaluate.js'
import { Tensor } from '../../../lib/tensor/tensor.js'

const shape = [1, 12, 16384, 64] as const
const values = new Float32Array(12 * 16384 * 64)
for (let i = 0; i < values.length; i++) values[i] = Math.sin(i)
const [q, k, v] = [Tensor.from(values, shape), Tensor.from(values, shape), Tensor.from(values, shape)]
const output = ops.attention(q, k, v, { causal: true })
const row = ops.attentionWeights(q, k, { causal: true, rows: { start: 16383, end: 16384 } })

const before = process.memoryUsage().rss
await evaluate([output, row])
const { arena } = getRuntime().native.info().memory
// In kilobytes.
const most = process.resourceUsage().maxRSS * 1024
const rows = ops.slice(ops.slice(output, { axis: 1, end: 1 }), { axis: 2, start: 16383 })
console.log(
  JSON.stringify({
    arena,
    extra: most - before,
    output: Array.from(await rows.data()),
    weights: Array.from(await ops.slice(row, { axis: 1, end: 1 }).data()),
  }),
)
