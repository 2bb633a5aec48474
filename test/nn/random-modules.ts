// Modules with random weights, each with its float64 reference.
import { CrossAttention, type KeyValue, SelfAttention } from '../../lib/nn/attention.js'
import { FusedLinear } from '../../lib/nn/fused-linear.js'
import { Linear } from '../../lib/nn/linear.js'
import { GatedMlp, Mlp } from '../../lib/nn/mlp.js'
import { LayerNorm, RmsNorm } from '../../lib/nn/norm.js'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { assertClose, eps, map, type Nd, type Random } from '../ops/reference.js'
import { gelu, sigmoid } from '../ops/special.js'
import * as reference from './reference.js'

/** A weight as a model has it: constant, so that programs fold and pack it. */
export function constant(x: Nd): ops.FloatTensor {
  return constantFrom(Float32Array.from(x.data), [...x.shape], 'float32')
}

export interface Linears {
  readonly layer: Linear
  forward(x: Nd): Nd
}

export function randomLinear(random: Random, inputs: number, outputs: number, bias = true): Linears {
  const weight = random.numbers([outputs, inputs], 1 / Math.sqrt(inputs))
  const vector = bias ? random.numbers([outputs]) : undefined
  return {
    layer: new Linear(constant(weight), vector && constant(vector)),
    forward: (x) => reference.linear(x, weight, vector),
  }
}

export function randomLayerNorm(random: Random, width: number, epsilon = 1e-5) {
  const [weight, bias] = [random.numbers([width]), random.numbers([width])]
  return {
    norm: new LayerNorm(constant(weight), constant(bias), epsilon),
    forward: (x: Nd) => reference.layerNorm(x, weight, bias, epsilon),
  }
}

export function randomRmsNorm(random: Random, width: number, epsilon = 1e-6) {
  const weight = random.numbers([width])
  return {
    norm: new RmsNorm(constant(weight), epsilon),
    forward: (x: Nd) => reference.rmsNorm(x, weight, epsilon),
  }
}

export function randomMlp(random: Random, width: number, hidden: number) {
  const [first, second] = [randomLinear(random, width, hidden), randomLinear(random, hidden, width)]
  return {
    mlp: new Mlp(first.layer, (x) => ops.gelu(x), second.layer),
    forward: (x: Nd) => second.forward(map(first.forward(x), gelu)),
  }
}

export function randomGatedMlp(random: Random, width: number, hidden: number) {
  const [gate, value] = [randomLinear(random, width, hidden), randomLinear(random, width, hidden, false)]
  const second = randomLinear(random, hidden, width)
  return {
    mlp: new GatedMlp(FusedLinear.of([gate.layer, value.layer]), ops.silu, second.layer),
    forward: (x: Nd) => {
      const gates = map(gate.forward(x), (value) => value * sigmoid(value))
      return second.forward(reference.multiply(gates, value.forward(x)))
    },
  }
}

/** What of an attention differs from test to test. */
export interface AttentionKind {
  readonly width: number
  readonly heads: number
  /** Features of the values of all heads; default: width. */
  readonly valueWidth?: number
  readonly scale?: number
  readonly queryKeyNorm?: boolean
  readonly innerNorm?: boolean
}

export type SelfAttentionReference = (
  x: Nd,
  call?: reference.Restrictions & {
    readonly rotate?: (heads: Nd) => Nd
    readonly past?: (present: { key: Nd; value: Nd }) => { key: Nd; value: Nd }
  },
) => { output: Nd; weights: Nd }

export function randomSelfAttention(random: Random, kind: AttentionKind) {
  const { width, heads, valueWidth = width, scale, queryKeyNorm = false, innerNorm = false } = kind
  const [q, k] = [randomLinear(random, width, width), randomLinear(random, width, width, false)]
  const [v, out] = [randomLinear(random, width, valueWidth), randomLinear(random, valueWidth, width)]
  const [queryNorm, keyNorm] = [randomLayerNorm(random, width / heads), randomRmsNorm(random, width / heads)]
  const norm = randomLayerNorm(random, valueWidth)
  const forward: SelfAttentionReference = (x, { rotate, past, ...call } = {}) => {
    const split = (linear: Linears) => reference.splitHeads(linear.forward(x), heads)
    const turned = (heads: Nd) => rotate?.(heads) ?? heads
    const query = turned(queryKeyNorm ? queryNorm.forward(split(q)) : split(q))
    const own = { key: turned(queryKeyNorm ? keyNorm.forward(split(k)) : split(k)), value: split(v) }
    const { key, value } = past?.(own) ?? own
    const { output, weights } = reference.attention(query, key, value, { scale, ...call })
    const merged = reference.mergeHeads(output)
    return { output: out.forward(innerNorm ? norm.forward(merged) : merged), weights }
  }
  const attention = new SelfAttention({
    ...{ heads, scale, output: out.layer },
    queryKeyValue: FusedLinear.of([q.layer, k.layer, v.layer]),
    queryNorm: queryKeyNorm ? queryNorm.norm : undefined,
    keyNorm: queryKeyNorm ? keyNorm.norm : undefined,
    norm: innerNorm ? norm.norm : undefined,
  })
  return { attention, forward }
}

export function randomCrossAttention(random: Random, width: number, memoryWidth: number, heads: number) {
  const [q, out] = [randomLinear(random, width, width), randomLinear(random, width, width)]
  const [k, v] = [randomLinear(random, memoryWidth, width), randomLinear(random, memoryWidth, width)]
  const forward = (x: Nd, memory: Nd, call: reference.Restrictions = {}) => {
    const split = (linear: Linears, input: Nd) => reference.splitHeads(linear.forward(input), heads)
    const attended = reference.attention(split(q, x), split(k, memory), split(v, memory), call)
    return { ...attended, output: out.forward(reference.mergeHeads(attended.output)) }
  }
  const crossAttention = new CrossAttention({
    ...{ heads, query: q.layer, output: out.layer },
    keyValue: FusedLinear.of([k.layer, v.layer]),
  })
  return { crossAttention, forward }
}

/** Keeps what a stack made of earlier positions, as a cache does. */
export function growingPast() {
  const kept: KeyValue[] = []
  return (layer: number, { key, value }: KeyValue): KeyValue => {
    const earlier = kept[layer]
    const grow = (old: ops.FloatTensor, more: ops.FloatTensor): ops.FloatTensor => ops.concat([old, more], 2)
    kept[layer] = earlier
      ? { key: grow(earlier.key, key), value: grow(earlier.value, value) }
      : { key, value }
    return kept[layer]
  }
}

/**
 * Asserts that a module gives what it gives in float64. Each product, norm and softmax on the way adds a few rounding
 * errors of the size of its values.
 */
export function assertModule(actual: Tensor, expected: Nd, what: string, operations = 4): Promise<void> {
  const largest = expected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 1)
  return assertClose(actual, expected, operations * 16 * eps * largest, what)
}
