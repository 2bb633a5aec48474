import { invalid } from '../errors.js'
import { formatShape, sizesOf } from '../graph/shape.js'
import { requireDType, requireTensor } from '../ops/check.js'
import type { FloatTensor } from '../ops/index.js'

/**
 * Checks images for a model that takes any size from a smallest one on.
 * @param pixels float32 [B, channels, H, W]
 * @param smallest height and width
 * @returns batch, height and width
 * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH
 */
export function checkBatch(
  pixels: FloatTensor,
  channels: number,
  smallest: readonly [number, number],
): [batch: number, height: number, width: number] {
  requireTensor(pixels, 'pixelValues')
  requireDType(pixels, ['float32'], 'pixelValues')
  const given = formatShape(pixels.shape)
  const fits = pixels.rank === 4 && pixels.shape[1] === channels
  if (!fits) throw invalid('SHAPE_MISMATCH', 'pixelValues', `[batch, ${channels}, height, width]`, given)
  const [batch, , height, width] = sizesOf(pixels.shape, 4)
  if (batch === 0) throw invalid('EMPTY_BATCH', 'pixelValues', 'at least one image', given)
  if (height < smallest[0] || width < smallest[1])
    throw invalid('SHAPE_MISMATCH', 'pixelValues', `images of at least ${smallest.join('x')}`, given)
  return [batch, height, width]
}
