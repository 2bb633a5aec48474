import { type FeedForward, Layer } from '../../nn/layer.js'
import { Linear, squeezedParameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm, type Norm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { MixerSpec } from './spec.js'

/** A factor and an addend for each channel (ResMLP). */
class Affine implements Norm {
  readonly #factor: ops.FloatTensor
  readonly #addend: ops.FloatTensor

  constructor(reader: WeightReader, width: number) {
    this.#factor = squeezedParameter(reader, 'alpha', [width])
    this.#addend = squeezedParameter(reader, 'beta', [width])
  }

  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.add(ops.mul(x, this.#factor), this.#addend)
  }
}

/** Reads a norm under the names of timm. */
export function readNorm(reader: WeightReader, name: string, { norm, width }: MixerSpec): Norm {
  return norm === 'affine' ? new Affine(reader.scope(name), width) : LayerNorm.read(reader, name, width, 1e-6)
}

/** A network over the tokens: each channel is mixed alone. */
class TokenMixing implements FeedForward {
  readonly #network: FeedForward

  constructor(network: FeedForward) {
    this.#network = network
  }

  /** x float32 [B, N, C] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.permute(this.#network.forward(ops.permute(x, [0, 2, 1])), [0, 2, 1])
  }
}

/** Two linear layers. Between them, the second half of the hidden vector becomes a gate for the first. */
class GatedHalves implements FeedForward {
  readonly #first: FeedForward
  readonly #gate: (x: ops.FloatTensor) => ops.FloatTensor
  readonly #second: Linear

  constructor(first: FeedForward, gate: (x: ops.FloatTensor) => ops.FloatTensor, second: Linear) {
    this.#first = first
    this.#gate = gate
    this.#second = second
  }

  forward(x: ops.FloatTensor): ops.FloatTensor {
    const hidden = this.#first.forward(x)
    const half = hidden.shape[2]! / 2
    const [value, gate] = ops.split(hidden, [half, half], 2) as [ops.FloatTensor, ops.FloatTensor]
    return this.#second.forward(ops.mul(value, this.#gate(gate)))
  }
}

function readMlp(
  reader: WeightReader,
  { gated, activation }: MixerSpec,
  width: number,
  hidden: number,
): FeedForward {
  if (!gated) return Mlp.read(reader, ['fc1', 'fc2'], { width, feedForward: hidden, activation })
  const first = Linear.read(reader, 'fc1', width, hidden)
  return new GatedHalves(first, activation, Linear.read(reader, 'fc2', hidden / 2, width))
}

/** The MLP of a gMLP: the gate is a linear layer over the tokens of the normed half. */
function readSpatialGating(reader: WeightReader, spec: MixerSpec, tokens: number): FeedForward {
  const { width, hidden, activation } = spec
  const half = hidden[1] / 2
  const expand = Linear.read(reader, 'fc1', width, hidden[1])
  const norm = LayerNorm.read(reader, 'gate.norm', half, 1e-5)
  const mixing = new TokenMixing(Linear.read(reader, 'gate.proj', tokens, tokens))
  const first = { forward: (x: ops.FloatTensor) => activation(expand.forward(x)) }
  const gate = (x: ops.FloatTensor) => mixing.forward(norm.forward(x))
  return new GatedHalves(first, gate, Linear.read(reader, 'fc2', half, width))
}

/** Reads a block under the names of timm. */
export function readLayer(block: WeightReader, spec: MixerSpec): Layer {
  const { image, patch, width, hidden } = spec
  const tokens = Math.floor(image[0] / patch[0]) * Math.floor(image[1] / patch[1])
  const placed = (name: string) => ({ norm: readNorm(block, name, spec), placement: 'pre' as const })
  const channels = block.scope('mlp_channels')
  if (spec.block === 'spatial-gating')
    return new Layer([{ mlp: readSpatialGating(channels, spec, tokens), ...placed('norm') }])
  const residual = spec.block === 'residual'
  const scale = (name: string) => (residual ? squeezedParameter(block, name, [width]) : undefined)
  const mixing = residual
    ? Linear.read(block, 'linear_tokens', tokens, tokens)
    : readMlp(block.scope('mlp_tokens'), spec, tokens, hidden[0])
  return new Layer([
    { mlp: new TokenMixing(mixing), ...placed('norm1'), scale: scale('ls1') },
    { mlp: readMlp(channels, spec, width, hidden[1]), ...placed('norm2'), scale: scale('ls2') },
  ])
}
