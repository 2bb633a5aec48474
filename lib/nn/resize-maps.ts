import * as ops from '../ops/index.js'

export interface ResizeMapsOptions {
  /** Whether the centers of the corners stay where they are. The results differ, so there is no default. */
  readonly alignCorners: boolean
  /** Compute only these rows of the result, from start to end (exclusive). Default: all. */
  readonly rows?: { readonly start: number; readonly end: number }
}

/**
 * Resizes feature maps by bilinear interpolation, as torch.nn.functional.interpolate.
 * @param x float32 [B, H, W, C]
 * @param size height and width of the result
 * @throws LIMIT_EXCEEDED
 */
export function resizeMaps(
  x: ops.FloatTensor,
  size: readonly [number, number],
  { alignCorners, rows }: ResizeMapsOptions,
): ops.FloatTensor {
  const [height, width] = size
  const options = { mode: 'bilinear', alignCorners } as const
  const tall =
    x.shape[1] === height && !rows ? x : ops.resize(x, 1, height, { ...options, ...(rows && { part: rows }) })
  return tall.shape[2] === width ? tall : ops.resize(tall, 2, width, options)
}
