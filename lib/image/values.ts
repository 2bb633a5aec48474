import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { requireFloat, requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import { RawImage } from './raw-image.js'
import type { ImageSpec } from './spec.js'

type ValueSpec = Pick<ImageSpec, 'rescale' | 'normalize'>

/** Numbers of 8-bit pixels: uint8 [B, ..., ..., C] to float32 of the same shape. */
export function valuesOf(pixels: Tensor<'uint8'>, { rescale, normalize }: ValueSpec): ops.FloatTensor {
  let values: ops.FloatTensor = ops.cast(pixels, 'float32')
  if (rescale) values = shift(ops.mul(values, rescale.scale), rescale.offset)
  return normalized(values, normalize)
}

/** float32 [B, ..., ..., C] to the same shape. */
export function normalized(values: ops.FloatTensor, normalize: ValueSpec['normalize']): ops.FloatTensor {
  if (!normalize) return values
  const centered = ops.sub(values, channelVector(normalize.mean))
  return ops.div(centered, channelVector(normalize.std))
}

/** The inverse of {@link valuesOf}, rounded to 8 bits: float32 [B, C, H, W] to pictures. */
export async function picturesOf(
  pixelValues: ops.FloatTensor,
  { rescale, normalize }: ValueSpec,
  run: { readonly signal?: AbortSignal | undefined; readonly threads?: number | undefined },
): Promise<RawImage[]> {
  requireFloat(pixelValues, 'pixelValues')
  const [batch, channels, height, width] = requireRank(pixelValues, 4, '[B, C, H, W]', 'pixelValues')
  if (channels !== 1 && channels !== 3)
    throw invalid('SHAPE_MISMATCH', 'pixelValues', '1 or 3 channels', formatShape(pixelValues.shape))
  let values: ops.FloatTensor = ops.permute(pixelValues, [0, 2, 3, 1])
  if (normalize)
    values = ops.add(ops.mul(values, channelVector(normalize.std)), channelVector(normalize.mean))
  if (rescale) values = ops.div(shift(values, -rescale.offset), rescale.scale)
  const rounded = ops.minimum(ops.maximum(ops.round(values), 0), 255)
  const data = await ops.cast(rounded, 'uint8').data(run)
  const size = channels * height * width
  return Array.from({ length: batch }, (_, index) => {
    return new RawImage(data.slice(index * size, (index + 1) * size), width, height, channels)
  })
}

function shift(values: ops.FloatTensor, offset: number): ops.FloatTensor {
  return offset === 0 ? values : ops.add(values, offset)
}

function channelVector(values: readonly number[]): ops.FloatTensor {
  return constantFrom(Float32Array.from(values), [values.length], 'float32')
}
