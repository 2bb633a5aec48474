import * as ops from '../ops/index.js'

/**
 * Resizes feature maps by bilinear interpolation, as torch.nn.functional.interpolate.
 * @param x float32 [B, H, W, C]
 * @param size height and width of the result
 * @param alignCorners whether the centers of the corners stay where they are. The results differ, so there is no default.
 * @throws LIMIT_EXCEEDED
 */
export function resizeMaps(
  x: ops.FloatTensor,
  size: readonly [number, number],
  { alignCorners }: { readonly alignCorners: boolean },
): ops.FloatTensor {
  const options = { mode: 'bilinear', alignCorners } as const
  return [0, 1].reduce((maps, axis) => {
    if (maps.shape[axis + 1] === size[axis]) return maps
    return ops.resize(maps, axis + 1, size[axis]!, options)
  }, x)
}
