/** The types of layers that are compared: each maps sequences [batch, n, d] to sequences of the same shape. */
import { ops, Tensor } from '../../lib/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'

type Sequences = Tensor<'float32'>

export interface LayerType {
  readonly name: string
  /** The textbook's cost of a layer, and the exponents of n and d in it. */
  readonly cost: string
  readonly exponents: { readonly n: number; readonly d: number }
  /** The textbook's number of sequential operations, and maximum path length between two positions. */
  readonly sequential: string
  readonly path: string
  /** Sizes over which time is measured, with the other size held. */
  readonly overN: Sweep
  readonly overD: Sweep
  /** Builds one layer; `depth` counts the layers below it. */
  readonly build: (x: Sequences, depth: number) => Sequences
}

/** Sizes of the axis that is swept, and the other axis. */
export interface Sweep {
  readonly sizes: readonly number[]
  readonly other: number
}

/** Filter width of the convolution. */
export const filter = 3
/** Window of restricted attention: positions on each side. */
const window = 32
export const neighbourhood = 2 * window + 1

const weights = new Map<string, Sequences>()

/** Small weights, cached by shape, so that they are packed once. */
function weight(...shape: number[]): Sequences {
  const key = shape.join()
  const made = weights.get(key)
  if (made) return made
  const size = shape.reduce((product, dim) => product * dim, 1)
  const scale = 1 / Math.sqrt(size / shape[0]!)
  const fresh = constantFrom(
    Float32Array.from({ length: size }, (_, index) => scale * Math.sin(index * 0.731)),
    shape,
    'float32',
  )
  weights.set(key, fresh)
  return fresh
}

const oneHead = (x: Sequences) => ops.unsqueeze(x, 1) as Sequences
const noHead = (x: Sequences) => ops.squeeze(x, 1) as Sequences

function attend(x: Sequences, options: { window?: number } = {}): Sequences {
  const heads = oneHead(x)
  return noHead(ops.attention(heads, heads, heads, options) as Sequences)
}

/** Elman's network: h = tanh(W x + U h), one position after the other. */
function recur(x: Sequences): Sequences {
  const [, n, d] = x.shape as [number, number, number]
  const inputs = ops.linear(x, weight(d, d)) as Sequences
  const states: Sequences[] = []
  for (let place = 0; place < n; place++) {
    const input = ops.select(inputs, 1, place) as Sequences
    const before = states.at(-1)
    states.push(ops.tanh(before ? ops.add(ops.linear(before, weight(d, d)), input) : input) as Sequences)
  }
  return ops.stack(states, 1) as Sequences
}

/** Causal dilated convolutions of `filter` positions; the dilation grows by this factor with each layer. */
function convolve(x: Sequences, depth: number): Sequences {
  const d = x.shape[2]!
  const dilation = filter ** depth
  const before = (filter - 1) * dilation
  const padded = ops.pad(x, [
    [0, 0],
    [before, 0],
    [0, 0],
  ]) as Sequences
  return noHead(
    ops.conv2d(oneHead(padded), weight(d, d, 1, filter), undefined, { dilation: [1, dilation] }) as Sequences,
  )
}

export const layerTypes: readonly LayerType[] = [
  {
    name: 'self-attention',
    cost: 'O(n² d)',
    exponents: { n: 2, d: 1 },
    sequential: 'O(1)',
    path: 'O(1)',
    overN: { sizes: [256, 512, 1024, 2048, 4096], other: 64 },
    overD: { sizes: [64, 128, 256, 512], other: 1024 },
    build: (x) => attend(x),
  },
  {
    name: 'recurrent',
    cost: 'O(n d²)',
    exponents: { n: 1, d: 2 },
    sequential: 'O(n)',
    path: 'O(n)',
    overN: { sizes: [32, 64, 128, 256, 512], other: 512 },
    overD: { sizes: [256, 512, 1024, 2048], other: 32 },
    build: recur,
  },
  {
    name: 'convolutional',
    cost: 'O(k n d²)',
    exponents: { n: 1, d: 2 },
    sequential: 'O(1)',
    path: 'O(log_k n)',
    overN: { sizes: [256, 512, 1024, 2048, 4096], other: 128 },
    overD: { sizes: [64, 128, 256, 512], other: 1024 },
    build: convolve,
  },
  {
    name: 'restricted self-attention',
    cost: 'O(r n d)',
    exponents: { n: 1, d: 1 },
    sequential: 'O(1)',
    path: 'O(n/r)',
    overN: { sizes: [1024, 2048, 4096, 8192, 16384], other: 64 },
    overD: { sizes: [64, 128, 256, 512], other: 2048 },
    build: (x) => attend(x, { window }),
  },
]

/** Sequences of noise, or with NaN at the first position. */
export function sequences(batch: number, n: number, d: number, poisoned = false): Sequences {
  const data = Float32Array.from({ length: batch * n * d }, (_, index) => Math.sin(index * 1.37))
  if (poisoned) data.fill(Number.NaN, 0, d)
  return Tensor.from(data, [batch, n, d])
}
