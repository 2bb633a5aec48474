import { Convolution, type ConvolutionShape } from '../../nn/convolution.js'
import { parameter } from '../../nn/linear.js'
import { standardized } from '../../nn/standardize.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { NfNetSpec } from './spec.js'

/** What a convolution reads, and constant factors that are folded into it. */
export interface ScaledOptions {
  readonly stride?: number
  readonly dilation?: number
  /** Factor of the input. */
  readonly inputFactor?: number
  /** Whether it reads the output of an activation. */
  readonly activated: boolean
  /** Factor of the output, float32 []. */
  readonly outputFactor?: ops.FloatTensor | undefined
}

/**
 * Reads a convolution with scaled weight standardisation: standardised weights, a learned gain for each output, and a
 * constant that keeps the variance. Other constant factors before and after the convolution become part of its weights.
 */
export function readScaled(
  reader: WeightReader,
  name: string,
  shape: ConvolutionShape,
  spec: NfNetSpec,
  options: ScaledOptions,
): Convolution {
  const { stride = 1, dilation = 1, inputFactor = 1, outputFactor } = options
  const even = Math.floor((stride - 1 + dilation * (shape.kernel - 1)) / 2)
  const window = { stride, dilation, padding: spec.samePadding ? ('same' as const) : even }
  const { weight, bias, options: all } = Convolution.read(reader, name, shape, window)
  const { gamma, gammaInActivation, epsilon } = spec
  const fanIn = weight.size / shape.outputs
  const scale = (gammaInActivation && !options.activated ? 1 : gamma) * inputFactor * fanIn ** -0.5
  const stored = parameter(reader.scope(name), 'gain', [shape.outputs, 1, 1, 1])
  const gain: ops.FloatTensor = ops.mul(ops.reshape(stored, [shape.outputs]), scale)
  const factor = (x: ops.FloatTensor): ops.FloatTensor => (outputFactor ? ops.mul(x, outputFactor) : x)
  return new Convolution(standardized(weight, epsilon, factor(gain)), bias && factor(bias), all)
}
