import type { Turns } from '../turns.js'

/** Values in descending order and their indices; of equal values the lower index comes first. */
export interface Ranked {
  indices: Int32Array
  values: Float32Array
}

/**
 * The `k` largest of values[start...end), with indices relative to `start`. NaN counts as -Infinity. For small k one pass,
 * with an insertion only for values above the smallest one kept.
 */
export function topK(values: Float32Array, k: number, start = 0, end = values.length): Ranked {
  const size = Math.min(k, end - start)
  if (size > mostInserted) return sortedTopK(values.subarray(start, end), size)
  const indices = new Int32Array(size)
  const kept = new Float32Array(size)
  let count = 0
  for (let i = start; i < end; i++) {
    const value = Number.isNaN(values[i]!) ? -Infinity : values[i]!
    if (count === size && value <= kept[size - 1]!) continue
    let at = count < size ? count++ : size - 1
    for (; at > 0 && kept[at - 1]! < value; at--) {
      kept[at] = kept[at - 1]!
      indices[at] = indices[at - 1]!
    }
    kept[at] = value
    indices[at] = i - start
  }
  return { indices, values: kept }
}

/** {@link topK} of many values, with turns of the event loop between rows of `length`. */
export async function topKOfRows(
  values: Float32Array,
  k: number,
  length: number,
  turns: Turns,
): Promise<Ranked> {
  const indices: number[] = []
  for (let start = 0; start < values.length; start += length) {
    // The lists of the rows follow each other, so that of equal values the lower index still comes first.
    for (const index of topK(values, k, start, start + length).indices) indices.push(start + index)
    await turns.step()
  }
  const best = topK(
    Float32Array.from(indices, (index) => values[index]!),
    k,
  )
  return { indices: best.indices.map((place) => indices[place]!), values: best.values }
}

/** Above this k, insertions take longer than a sort of all values. */
const mostInserted = 1024

/** The value at rank k, from 1. NaN counts as -Infinity. */
export function kthLargest(values: Float32Array, k: number): number {
  if (k <= mostInserted) return topK(values, k).values.at(-1)!
  return withoutNaN(values).sort()[values.length - k]!
}

function withoutNaN(values: Float32Array): Float32Array {
  return values.map((value) => (Number.isNaN(value) ? -Infinity : value))
}

function sortedTopK(given: Float32Array, k: number): Ranked {
  const values = withoutNaN(given)
  const smallest = kthLargest(values, k)
  const above: number[] = []
  const equal: number[] = []
  for (const [i, value] of values.entries())
    if (value > smallest) above.push(i)
    else if (value === smallest) equal.push(i)
  // The difference of two equal infinities is NaN, which counts as equal.
  above.sort((a, b) => values[b]! - values[a]! || a - b)
  const indices = Int32Array.from([...above, ...equal.slice(0, k - above.length)])
  return { indices, values: Float32Array.from(indices, (i) => values[i]!) }
}

/** The index of the largest value, the first of equal ones. As in the reference, NaN is larger than any number. */
export function argMax(values: Float32Array): number {
  let maxIndex = 0
  let max = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value > max) {
      maxIndex = i
      max = value
    } else if (Number.isNaN(value)) return i
  }
  return maxIndex
}
