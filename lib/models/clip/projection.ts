import type { Linear } from '../../nn/linear.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { LinearSpec } from './spec.js'
import { readLinear } from './text-tower.js'

/** The layers from a pooled image to the shared space: none, a linear layer, or an MLP with GELU. */
export class Projection {
  readonly #layers: readonly Linear[]

  /** @param inputs width of the pooled image */
  constructor(reader: WeightReader, specs: readonly LinearSpec[], inputs: number) {
    this.#layers = specs.map((spec, index) => readLinear(reader, spec, specs[index - 1]?.width ?? inputs))
  }

  /** x float32 [B, inputs] to [B, width of the last layer]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return this.#layers.reduce(
      (input: ops.FloatTensor, layer, index) => layer.forward(index > 0 ? ops.gelu(input) : input),
      x,
    )
  }
}
