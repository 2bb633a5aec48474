// Attention over 16384 positions: prints its memory use as one line of JSON.
import { existsSync, readFileSync } from 'node:fs'
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
const peak = peakKilobytes() * 1024
const rows = ops.slice(ops.slice(output, { axis: 1, end: 1 }), { axis: 2, start: 16383 })
console.log(
  JSON.stringify({
    arena,
    extra: peak - before,
    output: Array.from(await rows.data()),
    weights: Array.from(await ops.slice(row, { axis: 1, end: 1 }).data()),
  }),
)

/** On Linux the maxRSS of a child begins at what its parent held: a large suite would count as this program's. */
function peakKilobytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const own = /^VmHWM:\s+(\d+) kB/m.exec(status)
  return own ? Number(own[1]) : process.resourceUsage().maxRSS
}
