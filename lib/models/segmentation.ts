import { type ResizeMapsOptions, resizeMaps } from '../nn/resize-maps.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * The class of each pixel, as post_process_semantic_segmentation of transformers: logits are resized to the image
 * (bilinear, corners not aligned), then the largest counts; of equal ones the first.
 * @param logits float32 [B, classes, h, w]
 * @param size height and width of the image
 * @param rows compute only these rows of the image, from start to end (exclusive)
 * @returns int32 [B, height, width]
 * @throws LIMIT_EXCEEDED
 */
export function segmentClasses(
  logits: ops.FloatTensor,
  size: readonly [height: number, width: number],
  rows?: ResizeMapsOptions['rows'],
): Tensor<'int32'> {
  const maps: ops.FloatTensor = ops.permute(logits, [0, 2, 3, 1])
  return ops.argmax(resizeMaps(maps, size, { alignCorners: false, ...(rows && { rows }) }), -1)
}
