// Runs under SACCADE_MEMORY_LIMIT.
import { floats, read, sum } from '../encode.js'

const n = 100_000
const a = floats(new Float32Array(n).fill(1))
const codes: unknown[] = []
try {
  floats(new Float32Array(10 * n))
} catch (error) {
  codes.push((error as { code: unknown }).code)
}
const [first] = await sum(n).run([a, a], 1)
const second = await sum(n)
  .run([a, a], 1)
  .catch((error: { code: unknown }) => codes.push(error.code))
first!.dispose()
const [third] = await sum(n).run([a, a], 1)
console.log(codes.join(' '), typeof second, read(third)[0])
