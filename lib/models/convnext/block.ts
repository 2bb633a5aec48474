import { type Activation, activation } from '../../nn/activation.js'
import { Convolution } from '../../nn/convolution.js'
import { type Linear, readPointwise, squeezedParameter } from '../../nn/linear.js'
import { LayerNorm, type Norm, RmsNorm, SimpleNorm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { type BlockNames, type ConvNextSpec, mlpRatio, type StageSpec } from './spec.js'

const norms = { layer: LayerNorm, rms: RmsNorm, simple: SimpleNorm }

export function readNorm(
  reader: WeightReader,
  name: string,
  width: number,
  { norm }: ConvNextSpec,
  epsilon: number,
): Norm {
  return norms[norm].read(reader, name, width, epsilon)
}

/** Global response normalisation (Woo et al. 2023): scales each channel by its norm relative to the mean of all channels. */
class ResponseNorm {
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor

  constructor(weight: ops.FloatTensor, bias: ops.FloatTensor) {
    this.weight = weight
    this.bias = bias
  }

  forward(x: ops.FloatTensor): ops.FloatTensor {
    const norm = ops.sqrt(ops.sum(ops.square(x), [1, 2], { keepDims: true }))
    const relative = ops.div(norm, ops.add(ops.mean(norm, -1, { keepDims: true }), 1e-6))
    const response = ops.add(ops.mul(ops.mul(x, relative), this.weight), this.bias)
    return ops.add(x, response)
  }
}

/** One block (Liu et al. 2022, figure 4): depthwise convolution, norm and two linear layers, with a residual connection. */
export class Block {
  readonly depthwise: Convolution
  readonly norm: Norm
  readonly first: Linear
  readonly activation: Activation
  readonly responseNorm: ResponseNorm | undefined
  readonly second: Linear
  readonly layerScale: ops.FloatTensor | undefined

  constructor(reader: WeightReader, names: BlockNames, spec: ConvNextSpec, { width, kernel }: StageSpec) {
    const hidden = mlpRatio * width
    const shape = { inputs: width, outputs: width, kernel, groups: width, bias: spec.convBias }
    this.depthwise = Convolution.read(reader, names.depthwise, shape, { padding: Math.floor(kernel / 2) })
    this.norm = readNorm(reader, names.norm, width, spec, spec.epsilon)
    this.first = readPointwise(reader, names.first, width, hidden)
    this.activation = activation(spec.activation)
    const response = reader.scope(names.responseNorm)
    this.responseNorm = spec.responseNorm
      ? new ResponseNorm(
          squeezedParameter(response, 'weight', [hidden]),
          squeezedParameter(response, 'bias', [hidden]),
        )
      : undefined
    this.second = readPointwise(reader, names.second, hidden, width)
    this.layerScale = spec.layerScale ? squeezedParameter(reader, names.layerScale, [width]) : undefined
  }

  /** x float32 [B, H, W, width] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const hidden = this.activation(this.first.forward(this.norm.forward(this.depthwise.forward(x))))
    const branch = this.second.forward(this.responseNorm?.forward(hidden) ?? hidden)
    const scaled = this.layerScale ? ops.mul(branch, this.layerScale) : branch
    return ops.add(x, scaled)
  }
}
