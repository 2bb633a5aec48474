import { requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { Linear, parameter } from './linear.js'

/** A transposed convolution whose stride is its kernel: each position becomes a square of positions. */
export class TransposedConvolution {
  readonly #kernel: number
  /** Computes all positions of the square: [kernel * kernel * O, I]. */
  readonly #linear: Linear

  /**
   * @param weight float32 [I, O, kernel, kernel], as PyTorch stores it
   * @param bias float32 [O]
   */
  constructor(weight: ops.FloatTensor, bias: ops.FloatTensor) {
    const [inputs, outputs, kernel] = requireRank(
      weight,
      4,
      '[I, O, kernel, kernel]',
      'transposed convolution',
    )
    const square = kernel * kernel
    const matrix: ops.FloatTensor = ops.reshape(ops.permute(weight, [2, 3, 1, 0]), [square * outputs, inputs])
    const repeated: ops.FloatTensor = ops.expand(bias, [square, outputs])
    this.#kernel = kernel
    this.#linear = new Linear(matrix, ops.reshape(repeated, [square * outputs]))
  }

  /** Reads `name.weight` [I, O, kernel, kernel] and `name.bias`. */
  static read(reader: WeightReader, name: string, inputs: number, outputs: number, kernel: number) {
    const scope = reader.scope(name)
    const weight = parameter(scope, 'weight', [inputs, outputs, kernel, kernel])
    return new TransposedConvolution(weight, parameter(scope, 'bias', [outputs]))
  }

  /** x float32 [B, H, W, I] to [B, H * kernel, W * kernel, O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const [batch, height, width] = requireRank(x, 4, '[batch, height, width, I]', 'transposed convolution')
    const kernel = this.#kernel
    const values = this.#linear.forward(x)
    const outputs = values.shape[3]! / kernel ** 2
    const squares: ops.FloatTensor = ops.reshape(values, [batch, height, width, kernel, kernel, outputs])
    const ordered: ops.FloatTensor = ops.permute(squares, [0, 1, 3, 2, 4, 5])
    return ops.reshape(ordered, [batch, height * kernel, width * kernel, outputs])
  }
}
