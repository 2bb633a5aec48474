import { ops, Tensor } from '../../lib/index.js'
import { spreadOf } from '../report.js'
import { formatSpread, type Line } from './line.js'

const calls = 2000

/** Overhead of a call: a compiled program whose kernels take almost no time. */
export async function benchCall(): Promise<Line[]> {
  const x = Tensor.from([1, 2, 3, 4])
  const once = async () => {
    using y = ops.relu(x)
    await y.data()
  }
  // Warm-up, until V8 has optimised the code.
  for (let index = 0; index < calls; index++) await once()
  const times: number[] = []
  for (let index = 0; index < calls; index++) {
    const started = performance.now()
    await once()
    times.push((performance.now() - started) * 1000)
  }
  const ours = spreadOf(times)
  return [
    {
      name: 'a call of a compiled program, from op to data',
      text: `${formatSpread(ours, 1)} us`,
      ours,
      unit: 'us',
      rounds: calls,
    },
  ]
}
