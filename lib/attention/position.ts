import { SaccadeError } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { Fitting, LastOf, OfRank } from '../graph/shape-types.js'
import { sinusoidalPositions as sinusoids } from '../nn/position.js'
import { requireDType, requireFloat, requireRank, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'

/**
 * Sinusoidal positions (Vaswani et al. 2017, section 3.5): each pair of columns turns like a hand of a clock, the first
 * once in 2 pi places, the last once in nearly 10000 * 2 pi. To move by a number of places is a rotation that is the
 * same everywhere, so the dot product of two positions depends on how far apart they are only.
 * @param places how many
 * @param width of one
 * @param layout 'interleaved': sine and cosine of an angle side by side, as in the paper; 'halves': all sines, then all
 *   cosines, as in Marian and in the paper's own program
 * @returns float32 [places, width]
 * @throws OPTION_INVALID
 */
export function sinusoidalPositions<N extends number, W extends number>(
  places: N,
  width: W,
  layout: 'interleaved' | 'halves' = 'interleaved',
): ops.FloatTensor<[N, W]> {
  requireWhole(places, 1, 'sinusoidalPositions: places')
  requireWhole(width, 1, 'sinusoidalPositions: width')
  if (layout !== 'interleaved' && layout !== 'halves')
    throw new SaccadeError(
      'OPTION_INVALID',
      `sinusoidalPositions: layout must be 'interleaved' or 'halves', got '${String(layout)}'`,
    )
  return sinusoids(places, width, layout) as ops.FloatTensor as ops.FloatTensor<[N, W]>
}

type Table<T extends Shape> = ops.FloatTensor<T> & Fitting<OfRank<T, 2>, 'a table must be [rows, width]'>

/**
 * Learned positions (Gehring et al. 2017; BERT, ViT): a table with a row for each place, trained like any weight. There
 * is none for places past its end.
 * @param table float32 [rows, width]
 * @param places how many from the first on; or which, int32 of any shape [...]
 * @returns float32 [places, width], or [..., width]
 * @throws INDEX_OUT_OF_RANGE for places the table does not have (if they are a tensor: when it is computed),
 *   SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function learnedPositions<T extends Shape, N extends number>(
  table: Table<T>,
  places: N,
): ops.FloatTensor<[N, LastOf<T>]>
export function learnedPositions<T extends Shape, I extends Shape>(
  table: Table<T>,
  places: Tensor<'int32', I>,
): ops.FloatTensor<[...I, LastOf<T>]>
export function learnedPositions(table: ops.FloatTensor, places: number | Tensor<'int32'>): ops.FloatTensor {
  requireFloat(table, 'learnedPositions: table')
  requireRank(table, 2, '[rows, width]', 'learnedPositions: table')
  if (places instanceof Tensor) {
    requireDType(places, ['int32'], 'learnedPositions: places')
    return ops.gather(table, places)
  }
  requireWhole(places, 1, 'learnedPositions: places')
  if (places > table.shape[0]!)
    throw new SaccadeError(
      'INDEX_OUT_OF_RANGE',
      `learnedPositions: ${places} places, but the table ${formatShape(table.shape)} has ${table.shape[0]}`,
    )
  return ops.slice(table, { axis: 0, start: 0, end: places })
}
