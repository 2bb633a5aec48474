import { sizesOf } from '../../graph/shape.js'
import type { Linear } from '../../nn/linear.js'
import type { FloatTensor } from '../../ops/index.js'
import * as ops from '../../ops/index.js'
import type { DecoderSpec, Size } from './spec.js'

/** Reconstructs an image from tokens: each patch's token becomes a square of pixels (Xie et al. 2021, SimMIM). */
export class ImageDecoder {
  readonly spec: DecoderSpec
  /** [channels * stride * stride, width]. */
  readonly linear: Linear

  constructor(spec: DecoderSpec, linear: Linear) {
    this.spec = spec
    this.linear = linear
  }

  /** tokens float32 [B, N, width] of a grid of patches to float32 [B, channels, rows * stride, columns * stride]. */
  forward(tokens: FloatTensor, [rows, columns]: Size): FloatTensor {
    const { stride, skip } = this.spec
    const pixels = this.linear.forward(ops.slice(tokens, { axis: 1, start: skip }))
    const [batch, , outputs] = sizesOf(pixels.shape, 3)
    const channels = outputs / stride ** 2
    const squares: FloatTensor = ops.reshape(pixels, [batch, rows, columns, channels, stride, stride])
    const ordered: FloatTensor = ops.permute(squares, [0, 3, 1, 4, 2, 5])
    return ops.reshape(ordered, [batch, channels, rows * stride, columns * stride])
  }
}
