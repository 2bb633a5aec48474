import { sizesOf } from '../../graph/shape.js'
import { BatchNorm } from '../../nn/batch-norm.js'
import { Convolution } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import type { Grid } from '../../nn/grid-bias.js'
import { resizeMaps } from '../../nn/resize-maps.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { DepthSpec, SegmentsSpec } from './spec.js'

const normEpsilon = 1e-5

/** Names of the three convolutions of a depth head. */
export type DepthNames = readonly [string, string, string]

/** A 3x3 convolution that keeps the size. */
function readConvolution(
  reader: WeightReader,
  name: string,
  inputs: number,
  outputs: number,
  kernel: number,
): Convolution {
  const padding = Math.floor(kernel / 2)
  return Convolution.read(reader, name, { inputs, outputs, kernel }, { padding })
}

/** Depth of each pixel. */
export class DepthHead {
  readonly #spec: DepthSpec
  readonly #projection: Convolution | undefined
  readonly #convolutions: readonly [Convolution, Convolution, Convolution]

  /** @param width of the fused map */
  constructor(reader: WeightReader, spec: DepthSpec, [first, second, third]: DepthNames, width: number) {
    const half = Math.floor(width / 2)
    this.#spec = spec
    this.#projection = spec.projection ? readConvolution(reader, 'projection', width, width, 3) : undefined
    this.#convolutions = [
      readConvolution(reader, first, width, half, 3),
      readConvolution(reader, second, half, spec.hidden, 3),
      readConvolution(reader, third, spec.hidden, 1, 1),
    ]
  }

  /**
   * @param map float32 [B, H, W, width]
   * @param image height and width of the image in whole patches
   * @returns float32 [B, height, width]
   */
  forward(map: ops.FloatTensor, image: Grid): ops.FloatTensor {
    const { size, activation, scale } = this.#spec
    const [first, second, third] = this.#convolutions
    const projected = this.#projection ? ops.relu(this.#projection.forward(map)) : map
    const [, rows, columns] = sizesOf(map.shape, 4)
    const target = size === 'patches' ? image : ([2 * rows, 2 * columns] as const)
    const resized = resizeMaps(first.forward(projected), target, { alignCorners: true })
    const depth = third.forward(ops.relu(second.forward(resized)))
    const positive = activation === 'relu' ? ops.relu(depth) : ops.sigmoid(depth)
    const scaled: ops.FloatTensor = scale === 1 ? positive : ops.mul(positive, scale)
    return ops.squeeze(scaled, 3)
  }
}

/** Classes of each pixel. */
export class SegmentsHead {
  readonly #convolution: ConvolutionNorm
  readonly #classifier: Convolution

  /** @param width of the fused map */
  constructor(reader: WeightReader, { classes }: SegmentsSpec, width: number) {
    const shape = { inputs: width, outputs: width, kernel: 3, bias: false }
    this.#convolution = new ConvolutionNorm(
      Convolution.read(reader, 'head.0', shape, { padding: 1 }),
      BatchNorm.read(reader, 'head.1', width, normEpsilon),
      ops.relu,
    )
    this.#classifier = readConvolution(reader, 'head.4', width, classes, 1)
  }

  /** map float32 [B, H, W, width] to logits [B, 2 H, 2 W, classes]. */
  forward(map: ops.FloatTensor): ops.FloatTensor {
    const [, rows, columns] = sizesOf(map.shape, 4)
    const logits = this.#classifier.forward(this.#convolution.forward(map))
    return resizeMaps(logits, [2 * rows, 2 * columns], { alignCorners: true })
  }
}
