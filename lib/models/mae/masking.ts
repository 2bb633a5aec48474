import { invalid } from '../../errors.js'
import { formatShape, sameShape } from '../../graph/shape.js'
import { requireFloat, requireTensor } from '../../ops/check.js'
import type * as ops from '../../ops/index.js'
import { constantFrom } from '../../tensor/constant.js'
import type { Tensor } from '../../tensor/tensor.js'
import { visibleCount } from './spec.js'

/** Which patches are hidden. */
export interface Masking {
  /** int32 [B, n]: the patches that the encoder sees, in its order. */
  readonly visible: Tensor<'int32'>
  /** float32 [B, patches]: 1 where a patch is hidden. */
  readonly mask: ops.FloatTensor
  /** int32 [B, patches]: the place of each patch among those that the encoder sees, then the hidden ones. */
  readonly idsRestore: Tensor<'int32'>
}

/**
 * Hides patches at random (He et al. 2022, section 3): of each image, those with the largest noise. Patches of equal noise
 * keep their order.
 * @param noise float32 [B, patches]. Default: uniform random numbers, or zeros if no patch is hidden
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH, INPUT_INVALID (a number of the noise is NaN)
 */
export async function maskPatches(
  noise: ops.FloatTensor | undefined,
  [batch, patches]: readonly [number, number],
  maskRatio: number,
): Promise<Masking> {
  const count = visibleCount(patches, maskRatio)
  const random = () => (count < patches ? Math.random() : 0)
  const values =
    noise === undefined
      ? Float32Array.from({ length: batch * patches }, random)
      : await noiseOf(noise, [batch, patches])
  const visible = new Int32Array(batch * count)
  const mask = new Float32Array(batch * patches).fill(1)
  const restore = new Int32Array(batch * patches)
  for (let image = 0; image < batch; image++) {
    const row = values.subarray(image * patches, (image + 1) * patches)
    const order = Array.from(row.keys()).sort((a, b) => row[a]! - row[b]! || a - b)
    order.forEach((patch, place) => {
      restore[image * patches + patch] = place
      if (place >= count) return
      visible[image * count + place] = patch
      mask[image * patches + patch] = 0
    })
  }
  return {
    visible: constantFrom(visible, [batch, count], 'int32'),
    mask: constantFrom(mask, [batch, patches], 'float32'),
    idsRestore: constantFrom(restore, [batch, patches], 'int32'),
  }
}

async function noiseOf(noise: ops.FloatTensor, shape: readonly number[]): Promise<Float32Array> {
  requireTensor(noise, 'noise')
  requireFloat(noise, 'noise')
  if (!sameShape(noise.shape, shape))
    throw invalid('SHAPE_MISMATCH', 'noise', formatShape(shape), formatShape(noise.shape))
  const values = await noise.data()
  if (values.some(Number.isNaN)) throw invalid('INPUT_INVALID', 'noise', 'numbers to order by', 'NaN')
  return values
}
