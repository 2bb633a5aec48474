import { invalid } from '../errors.js'
import { formatShape, sameShape } from '../graph/shape.js'
import * as ops from '../ops/index.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** Splits images into patches and projects each to a vector (Dosovitskiy et al. 2020). */
export class PatchEmbedding {
  /** float32 [width, channels, patch height, patch width]. */
  readonly weight: ops.FloatTensor
  readonly bias: ops.FloatTensor | undefined

  constructor(weight: ops.FloatTensor, bias?: ops.FloatTensor) {
    this.weight = weight
    this.bias = bias
  }

  static read(
    reader: WeightReader,
    name: string,
    {
      channels,
      width,
      patch,
      bias = true,
    }: { channels: number; width: number; patch: readonly [number, number]; bias?: boolean },
  ) {
    const scope = reader.scope(name)
    const shape = [width, channels, ...patch]
    // Early models of timm store the matrix of a linear layer over the values of a patch.
    const matrix = [width, channels * patch[0] * patch[1]]
    const stored = scope.shapeOf('weight')
    const weight =
      stored && sameShape(stored, matrix)
        ? ops.reshape(parameter(scope, 'weight', matrix), shape)
        : parameter(scope, 'weight', shape)
    return new PatchEmbedding(weight, bias ? parameter(scope, 'bias', [width]) : undefined)
  }

  get patch(): readonly [number, number] {
    return [this.weight.shape[2]!, this.weight.shape[3]!]
  }

  /**
   * @param pixels float32 [B, C, H, W], as image processors return them
   * @returns float32 [B, floor(H / ph), floor(W / pw), width]: incomplete patches at the right and bottom are dropped
   */
  forward(pixels: ops.FloatTensor): ops.FloatTensor {
    const channels = this.weight.shape[1]!
    if (pixels.rank !== 4 || pixels.shape[1] !== channels)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `[batch, ${channels}, height, width]`,
        formatShape(pixels.shape),
      )
    const [ph, pw] = this.patch
    if (pixels.shape[2]! < ph || pixels.shape[3]! < pw)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of at least one patch of ${ph}x${pw}`,
        formatShape(pixels.shape),
      )
    const channelsLast = ops.permute(pixels, [0, 2, 3, 1])
    return ops.conv2d(channelsLast, this.weight, this.bias, { stride: [ph, pw] })
  }
}
