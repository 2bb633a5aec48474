import { sameShape, sizesOf } from '../graph/shape.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Mean absolute error of the pixels of masked patches, as the classes ForMaskedImageModeling of transformers compute it: 0 if
 * none is masked. undefined for a reconstruction of another size than the images, which cannot be compared.
 * @param reconstruction float32 [B, channels, height, width]
 * @param pixels of the same shape
 * @param masked bool [B, patches], row by row
 * @param patch height and width
 * @returns float32 []
 */
export function maskedPixelLoss(
  reconstruction: ops.FloatTensor,
  pixels: ops.FloatTensor,
  masked: Tensor<'bool'>,
  patch: readonly [number, number],
): ops.FloatTensor | undefined {
  const [batch, channels, height, width] = sizesOf(pixels.shape, 4)
  const [rows, columns] = [height / patch[0], width / patch[1]]
  if (!sameShape(reconstruction.shape, pixels.shape) || rows * columns !== masked.shape[1]) return undefined
  const grid = ops.reshape(masked, [batch, 1, rows, 1, columns, 1])
  const squares = ops.expand(grid, [batch, 1, rows, patch[0], columns, patch[1]])
  const mask: ops.FloatTensor = ops.cast(ops.reshape(squares, [batch, 1, height, width]), 'float32')
  const error = ops.mul(ops.abs(ops.sub(reconstruction, pixels)), mask)
  // The small number prevents a division by 0.
  return ops.div(ops.sum(error), ops.mul(ops.add(ops.sum(mask), 1e-5), channels))
}
