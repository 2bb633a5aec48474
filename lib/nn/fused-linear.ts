import * as ops from '../ops/index.js'
import { constantFull } from '../tensor/constant.js'
import type { WeightReader } from '../weights/reader.js'
import { Linear, type LinearOptions } from './linear.js'

/** Linear layers with the same input, computed as one product: query, key and value; gate and value of a gated MLP. */
export class FusedLinear {
  /** The weights of all layers, [sum of widths, I]. */
  readonly layer: Linear
  /** Number of outputs of each layer. */
  readonly widths: readonly number[]

  constructor(layer: Linear, widths: readonly number[]) {
    this.layer = layer
    this.widths = widths
  }

  /** Fuses separate layers. If only some have a bias, the others get zeros. */
  static of(layers: readonly Linear[]): FusedLinear {
    const widths = layers.map(({ weight }) => weight.shape[0]!)
    const weight = ops.concat(layers.map((layer) => layer.weight))
    if (layers.every(({ bias }) => !bias)) return new FusedLinear(new Linear(weight), widths)
    const biases = layers.map(({ bias }, index) => bias ?? constantFull([widths[index]!], 0, 'float32'))
    return new FusedLinear(new Linear(weight, ops.concat(biases)), widths)
  }

  /**
   * Reads layers with the given numbers of outputs.
   * @param names one name if the checkpoint stores them as one matrix, else a list
   */
  static read(
    reader: WeightReader,
    names: string | readonly string[],
    inputs: number,
    widths: readonly number[],
    options: LinearOptions = {},
  ): FusedLinear {
    if (typeof names !== 'string')
      return FusedLinear.of(
        names.map((name, index) => Linear.read(reader, name, inputs, widths[index]!, options)),
      )
    const outputs = widths.reduce((sum, width) => sum + width, 0)
    return new FusedLinear(Linear.read(reader, names, inputs, outputs, options), widths)
  }

  /** Some of the layers, from `start` to `end` (exclusive). */
  slice(start: number, end: number): FusedLinear {
    const first = this.widths.slice(0, start).reduce((sum, width) => sum + width, 0)
    const widths = this.widths.slice(start, end)
    const rows = {
      axis: 0,
      start: first,
      end: first + widths.reduce((sum, width) => sum + width, 0),
    } as const
    const { weight, bias } = this.layer
    return new FusedLinear(new Linear(ops.slice(weight, rows), bias && ops.slice(bias, rows)), widths)
  }

  /** x float32 [..., I] to one result for each layer, [..., width]. */
  forward(x: ops.FloatTensor): ops.FloatTensor[] {
    return ops.split(this.layer.forward(x), this.widths) as ops.FloatTensor[]
  }
}
