import { requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'

/** 0, 1, 2, ...: int32 [count]. */
export function positionIds(count: number): Tensor<'int32'> {
  const ids = Int32Array.from({ length: count }, (_, index) => index)
  return constantFrom(ids, [count], 'int32')
}

/**
 * The states at some positions of each sequence.
 * @param x float32 [B, N, width]
 * @param positions int32 [B], or [B, n] for several of each
 * @returns float32 [B, width] or [B, n, width]
 */
export function statesAt(x: ops.FloatTensor, positions: Tensor<'int32'>): ops.FloatTensor {
  const [batch, count, width] = requireRank(x, 3, '[batch, positions, width]', 'statesAt')
  const starts: Tensor<'int32'> = ops.mul(positionIds(batch), count)
  const firstRows = positions.rank === 1 ? starts : ops.reshape(starts, [batch, 1])
  return ops.gather(ops.reshape(x, [batch * count, width]), ops.add(firstRows, positions))
}

/**
 * How a library resizes its table of learned position embeddings [1, h, w, width] to another grid. The results of the
 * six ways differ, and there is no default: a model's spec must name the one of its library.
 *
 * - `hf-bicubic`: Hugging Face ViT, DeiT, Dinov2: bicubic (a = -0.75), no antialiasing, scale from the sizes.
 * - `hf-bicubic-antialias`: Hugging Face Dinov2WithRegisters: bicubic, antialiased.
 * - `hf-bilinear`: Hugging Face DPT: bilinear, no antialiasing, scale from the sizes.
 * - `timm`: timm's resample_abs_pos_embed: bicubic, antialiased, in float32.
 * - `dino-offset`: facebookresearch/dino: bicubic with scale factors (side + 0.1) / old side in the coordinates.
 * - `torchvision`: its interpolate_embeddings: bicubic with aligned corners.
 */
export const positionResizes = [
  'hf-bicubic',
  'hf-bicubic-antialias',
  'hf-bilinear',
  'timm',
  'dino-offset',
  'torchvision',
] as const
export type PositionResize = (typeof positionResizes)[number]

/**
 * Resizes a table of position embeddings. A table that has the new size already is not changed, except by `dino-offset`,
 * whose scale is never 1.
 * @param table float32 [1, h, w, width]
 * @param grid new height and width, in patches
 */
export function resizePositions(
  table: ops.FloatTensor,
  grid: readonly [number, number],
  convention: PositionResize,
): ops.FloatTensor {
  const old = [table.shape[1]!, table.shape[2]!] as const
  if (convention !== 'dino-offset' && old[0] === grid[0] && old[1] === grid[1]) return table
  const alignCorners = convention === 'torchvision'
  const antialias = convention === 'timm' || convention === 'hf-bicubic-antialias'
  return [0, 1].reduce((positions, axis) => {
    const scale = convention === 'dino-offset' ? { scale: (grid[axis]! + 0.1) / old[axis]! } : {}
    return ops.resize(positions, axis + 1, grid[axis]!, {
      mode: convention === 'hf-bilinear' ? 'bilinear' : 'bicubic',
      antialias,
      alignCorners,
      ...scale,
    })
  }, table)
}

/**
 * Sinusoidal position embeddings (Vaswani et al. 2017, section 3.5): wavelengths from 2 pi to 10000 * 2 pi.
 * @param layout 'interleaved': sine and cosine alternate, as in the paper; 'halves': sines in the first half of the
 *   columns, cosines in the second, as in Marian
 * @returns float32 [count, width]
 */
export function sinusoidalPositions(
  count: number,
  width: number,
  layout: 'interleaved' | 'halves',
): ops.FloatTensor {
  const half = Math.ceil(width / 2)
  const columns = Array.from({ length: width }, (_, column) => {
    const pair = layout === 'halves' ? column % half : Math.floor(column / 2)
    const isCosine = layout === 'halves' ? column >= half : column % 2 === 1
    return { wave: isCosine ? Math.cos : Math.sin, wavelength: 10000 ** ((2 * pair) / width) }
  })
  const table = new Float32Array(count * width)
  for (let position = 0; position < count; position++)
    columns.forEach(({ wave, wavelength }, column) => {
      table[position * width + column] = wave(position / wavelength)
    })
  return constantFrom(table, [count, width], 'float32')
}

/**
 * Sinusoidal position embeddings of a grid (He et al. 2022): the column's in the first half of the width, the row's in the
 * second, each as sines, then cosines.
 * @returns float32 [rows * columns, width]
 */
export function sinusoidalGrid([rows, columns]: readonly [number, number], width: number): ops.FloatTensor {
  const half = width / 2
  const along = (count: number, shape: readonly [number, number, number]): ops.FloatTensor =>
    ops.expand(ops.reshape(sinusoidalPositions(count, half, 'halves'), shape), [rows, columns, half])
  const both = [along(columns, [1, columns, half]), along(rows, [rows, 1, half])]
  return ops.reshape(ops.concat(both, 2), [rows * columns, width])
}
