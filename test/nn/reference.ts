// What the modules of lib/nn compute, in float64, a number at a time.
import { at, fill, map, matmul, type Nd, permute, range, zip } from '../ops/reference.js'

/** x W^T + b. */
export function linear(x: Nd, weight: Nd, bias?: Nd): Nd {
  const product = matmul(x, permute(weight, [1, 0]))
  return bias ? add(product, bias) : product
}

export function add(a: Nd, b: Nd): Nd {
  return zip(a, b, (left, right) => left + right)
}

export function multiply(a: Nd, b: Nd): Nd {
  return zip(a, b, (left, right) => left * right)
}

/** The last axis of x, from start to end (exclusive). */
export function columns(x: Nd, start: number, end: number): Nd {
  const outer = x.shape.slice(0, -1)
  return fill([...outer, end - start], (place) => at(x, [...place.slice(0, -1), start + place.at(-1)!]))
}

/** The last axis of several tensors joined. */
export function joined(parts: readonly Nd[]): Nd {
  const outer = parts[0]!.shape.slice(0, -1)
  const owner = parts.flatMap((part) => range(part.shape.at(-1)!).map((column) => ({ part, column })))
  return fill([...outer, owner.length], (place) => {
    const { part, column } = owner[place.at(-1)!]!
    return at(part, [...place.slice(0, -1), column])
  })
}

/** (x - mean) / sqrt(variance + epsilon), times weight, plus bias, over the last axis. */
export function layerNorm(x: Nd, weight: Nd, bias: Nd | undefined, epsilon: number): Nd {
  return overRows(x, (row) => {
    const mean = average(row)
    const deviation = Math.sqrt(average(row.map((value) => (value - mean) ** 2)) + epsilon)
    return row.map((value, i) => ((value - mean) / deviation) * weight.data[i]! + (bias?.data[i] ?? 0))
  })
}

/** x / sqrt(mean of squares + epsilon), times weight, over the last axis. */
export function rmsNorm(x: Nd, weight: Nd, epsilon: number): Nd {
  return overRows(x, (row) => {
    const size = Math.sqrt(average(row.map((value) => value ** 2)) + epsilon)
    return row.map((value, i) => (value / size) * weight.data[i]!)
  })
}

function overRows(x: Nd, f: (row: readonly number[]) => readonly number[]): Nd {
  const width = x.shape.at(-1)!
  const rows = range(x.data.length / width).map((row) => x.data.slice(row * width, (row + 1) * width))
  return { shape: x.shape, data: rows.flatMap(f) }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** [B, N, heads * D] to [B, heads, N, D]. */
export function splitHeads(x: Nd, heads: number): Nd {
  const [batch, positions, width] = x.shape as [number, number, number]
  const size = width / heads
  return fill([batch, heads, positions, size], ([b, h, n, d]) => at(x, [b!, n!, h! * size + d!]))
}

/** [B, heads, N, D] to [B, N, heads * D]. */
export function mergeHeads(x: Nd): Nd {
  const [batch, heads, positions, size] = x.shape as [number, number, number, number]
  return fill([batch, positions, heads * size], ([b, n, c]) =>
    at(x, [b!, Math.floor(c! / size), n!, c! % size]),
  )
}

/** Restrictions of an attention. */
export interface Restrictions {
  /** Default 1 / sqrt(D). */
  readonly scale?: number | undefined
  /** A query attends to no later key; the last query has the position of the last key. */
  readonly causal?: boolean
  /** Added to the scores; of any shape that broadcasts to [B, H, Nq, Nk]. */
  readonly mask?: Nd
}

/** softmax(q k^T * scale + mask) v, over [B, H, N, D]. */
export function attention(q: Nd, k: Nd, v: Nd, { scale, causal = false, mask }: Restrictions = {}) {
  const [batch, heads, queries, size] = q.shape as [number, number, number, number]
  const keys = k.shape[2]!
  const factor = scale ?? 1 / Math.sqrt(size)
  const products = matmul(q, permute(k, [0, 1, 3, 2]))
  const scores = fill([batch, heads, queries, keys], ([b, h, i, j]) => {
    if (causal && j! > keys - queries + i!) return Number.NEGATIVE_INFINITY
    return at(products, [b!, h!, i!, j!]) * factor + (mask ? at(mask, [b!, h!, i!, j!]) : 0)
  })
  const weights = overRows(scores, (row) => {
    const exponentials = row.map((score) => Math.exp(score - Math.max(...row)))
    const sum = exponentials.reduce((total, value) => total + value, 0)
    return exponentials.map((value) => value / sum)
  })
  return { output: matmul(weights, v), weights }
}

/** Rotates pairs of features of x [B, H, N, D] by angles [N, pairs]. */
export function rotate(x: Nd, angles: Nd, layout: 'halves' | 'interleaved'): Nd {
  const pairs = angles.shape[1]!
  return fill(x.shape, ([b, h, n, d]) => {
    const value = (feature: number) => at(x, [b!, h!, n!, feature])
    if (d! >= 2 * pairs) return value(d!)
    const [pair, second] =
      layout === 'halves' ? [d! % pairs, d! >= pairs] : [Math.floor(d! / 2), d! % 2 === 1]
    const [one, other] = layout === 'halves' ? [pair, pair + pairs] : [2 * pair, 2 * pair + 1]
    const angle = at(angles, [n!, pair])
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    return second ? value(other) * cos + value(one) * sin : value(one) * cos - value(other) * sin
  })
}

/** Angles of rotary positions [N, width / 2]: position / base ** (2 i / width). */
export function rotaryAngles(positions: readonly number[], width: number, base: number): Nd {
  return fill([positions.length, width / 2], ([n, i]) => positions[n!]! / base ** ((2 * i!) / width))
}

/** -Infinity where `hidden` says so, else 0. */
export function hiding(shape: readonly number[], hidden: (place: readonly number[]) => boolean): Nd {
  return fill(shape, (place) => (hidden(place) ? Number.NEGATIVE_INFINITY : 0))
}

export { map }
