import { sizesOf } from '../../graph/shape.js'
import * as ops from '../../ops/index.js'
import type { Size } from '../vit/spec.js'

/** Images float32 [B, C, H, W] as patches, float32 [B, patches, height * width * C]: rows of pixels, channels last. */
export function patchify(images: ops.FloatTensor, [ph, pw]: Size): ops.FloatTensor {
  const [batch, channels, height, width] = sizesOf(images.shape, 4)
  const [rows, columns] = [height / ph, width / pw]
  const split: ops.FloatTensor = ops.reshape(images, [batch, channels, rows, ph, columns, pw])
  const ordered: ops.FloatTensor = ops.permute(split, [0, 2, 4, 3, 5, 1])
  return ops.reshape(ordered, [batch, rows * columns, ph * pw * channels])
}

/** The inverse of {@link patchify}, for images of `grid` patches. */
export function unpatchify(patches: ops.FloatTensor, [rows, columns]: Size, [ph, pw]: Size): ops.FloatTensor {
  const [batch, , values] = sizesOf(patches.shape, 3)
  const channels = values / (ph * pw)
  const split: ops.FloatTensor = ops.reshape(patches, [batch, rows, columns, ph, pw, channels])
  const ordered: ops.FloatTensor = ops.permute(split, [0, 5, 1, 3, 2, 4])
  return ops.reshape(ordered, [batch, channels, rows * ph, columns * pw])
}

/** Mean and deviation of each patch, float32 [B, patches, 1] (He et al. 2022: normalised pixels). */
export interface PatchStatistics {
  readonly mean: ops.FloatTensor
  readonly deviation: ops.FloatTensor
}

/** Statistics of patches. The variance divides by one less than the number of values, as torch.var does. */
export function statisticsOf(patches: ops.FloatTensor): PatchStatistics {
  const values = patches.shape[2]!
  const mean: ops.FloatTensor = ops.mean(patches, -1, { keepDims: true })
  const squares = ops.sum(ops.square(ops.sub(patches, mean)), -1, { keepDims: true })
  return { mean, deviation: ops.sqrt(ops.add(ops.div(squares, values - 1), 1e-6)) }
}
