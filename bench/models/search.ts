import { evaluate, ops, Tensor } from '../../lib/index.js'
import { type Line, race, steady } from './line.js'

const width = 512
const count = 10

/** The nearest of many vectors: one query, a product and ops.topK, against a loop in JavaScript over the same numbers. */
export async function benchSearch(rows: number, threads: number, rounds: number): Promise<Line[]> {
  const data = noise(rows * width, 1)
  const query = noise(width, 2)
  using vectors = Tensor.from(data, [rows, width])
  using asked = Tensor.from(query, [width, 1])
  const ours = async () => {
    using scores = ops.matmul(vectors, asked)
    const { values, indices } = ops.topK(ops.reshape(scores, [rows]), count)
    await evaluate([values, indices], { threads })
    return [...(await indices.data())]
  }
  const [got, want] = [await ours(), nearest(data, query)]
  if (got.join() !== want.join()) throw new Error(`search: rows ${got} instead of ${want}`)
  const name = `${count} of ${rows.toLocaleString('en')} x ${width}, ${threads} thread${threads > 1 ? 's' : ''}, against a loop in JavaScript`
  const line = await race(
    name,
    rounds,
    steady(ours),
    steady(async () => nearest(data, query)),
  )
  const rate = (milliseconds: number) => `${((4 * data.length) / milliseconds / 1e6).toFixed(1)} GB/s`
  return [{ ...line, text: `${line.text}; ${rate(line.ours!.median)} against ${rate(line.peer!.median)}` }]
}

/** Rows of the largest products, the largest first. */
function nearest(data: Float32Array, query: Float32Array): number[] {
  const best: { score: number; row: number }[] = []
  for (let row = 0; row < data.length / width; row++) {
    let score = 0
    for (let column = 0, at = row * width; column < width; column++)
      score += data[at + column]! * query[column]!
    if (best.length === count && score <= best[count - 1]!.score) continue
    if (best.length === count) best.pop()
    const place = best.findLastIndex((other) => other.score >= score) + 1
    best.splice(place, 0, { score, row })
  }
  return best.map(({ row }) => row)
}

/** Seeded random numbers between -1 and 1. */
function noise(length: number, seed: number): Float32Array {
  let state = seed
  const data = new Float32Array(length)
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    data[index] = state / 2 ** 31
  }
  return data
}
