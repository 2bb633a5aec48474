import { invalid, show } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { Fitting, LastOf, OfRank } from '../graph/shape-types.js'
import { checkLimit } from '../limits.js'
import { sinusoidalPositions as sinusoids } from '../nn/position.js'
import { requireDType, requireFloat, requireRank, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'

/**
 * Sinusoidal positions (Vaswani et al. 2017, section 3.5): each pair of columns is the sine and cosine of an angle that
 * is proportional to the position, with wavelengths from 2 pi to nearly 10000 * 2 pi. An offset is a rotation that is the
 * same at all positions, so the dot product of two positions depends on their distance only.
 * @param count number of positions
 * @param width of the vector of a position
 * @param layout 'interleaved': sine and cosine of an angle alternate, as in the paper; 'halves': all sines, then all
 *   cosines, as in Marian and in the program of the paper's authors
 * @returns float32 [count, width]
 * @throws OPTION_INVALID
 */
export function sinusoidalPositions<N extends number, W extends number>(
  count: N,
  width: W,
  layout: 'interleaved' | 'halves' = 'interleaved',
): ops.FloatTensor<[N, W]> {
  requireWhole(count, 1, 'sinusoidalPositions: count')
  requireWhole(width, 1, 'sinusoidalPositions: width')
  if (layout !== 'interleaved' && layout !== 'halves')
    optionInvalid('sinusoidalPositions: layout', layout, "'interleaved' or 'halves'")
  checkLimit('tableElements', count * width, 'sinusoidalPositions')
  return sinusoids(count, width, layout) as ops.FloatTensor as ops.FloatTensor<[N, W]>
}

type Table<T extends Shape> = ops.FloatTensor<T> & Fitting<OfRank<T, 2>, 'a table must be [rows, width]'>

/**
 * Learned positions (Gehring et al. 2017; BERT, ViT): a table with a row for each position, which is trained like other
 * weights.
 * @param table float32 [rows, width]
 * @param positions the number of positions from 0 on, or the positions as int32 of any shape [...]
 * @returns float32 [positions, width], or [..., width]
 * @throws INDEX_OUT_OF_RANGE for positions past the end of the table (those of a tensor: when it is computed),
 *   SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function learnedPositions<T extends Shape, N extends number>(
  table: Table<T>,
  positions: N,
): ops.FloatTensor<[N, LastOf<T>]>
export function learnedPositions<T extends Shape, I extends Shape>(
  table: Table<T>,
  positions: Tensor<'int32', I>,
): ops.FloatTensor<[...I, LastOf<T>]>
export function learnedPositions(
  table: ops.FloatTensor,
  positions: number | Tensor<'int32'>,
): ops.FloatTensor {
  requireFloat(table, 'learnedPositions: table')
  requireRank(table, 2, '[rows, width]', 'learnedPositions: table')
  if (positions instanceof Tensor) {
    requireDType(positions, ['int32'], 'learnedPositions: positions')
    return ops.gather(table, positions)
  }
  requireWhole(positions, 1, 'learnedPositions: positions')
  if (positions > table.shape[0]!)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      'learnedPositions: positions',
      `at most ${table.shape[0]}, as in the table ${formatShape(table.shape)}`,
      show(positions),
    )
  return ops.slice(table, { axis: 0, start: 0, end: positions })
}
