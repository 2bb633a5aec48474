import { SaccadeError } from '../errors.js'
import { requireDType, requireRank } from '../ops/check.js'
import type { Tensor } from '../tensor/tensor.js'

/** From the lowest to the highest element. */
const shades = ['·', '░', '▒', '▓', '█']

/** Options of {@link heatMap}. */
export interface HeatMapOptions {
  /** The element that is shown as dots. Default: 0, or the smallest element if that is below 0. */
  readonly low?: number | undefined
  /** The element that is shown in full. Default: the largest element. */
  readonly high?: number | undefined
}

/**
 * A matrix as text, a line for each row and two characters for each element, the darker the larger: to look at masks,
 * weights and positions in a terminal. -Infinity is shown as dots, NaN as '??'.
 * @param matrix bool or float32 [rows, columns]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, and what `data()` throws
 */
export async function heatMap(
  matrix: Tensor<'float32' | 'bool'>,
  options: HeatMapOptions = {},
): Promise<string> {
  requireDType(matrix, ['float32', 'bool'], 'heatMap')
  requireRank(matrix, 2, '[rows, columns]', 'heatMap')
  const elements = Array.from(await (matrix as Tensor<'float32'>).data())
  const finite = elements.filter(Number.isFinite)
  const low = options.low ?? finite.reduce((least, x) => Math.min(least, x), 0)
  const high = options.high ?? finite.reduce((most, x) => Math.max(most, x), low)
  if (!(low <= high))
    throw new SaccadeError('OPTION_INVALID', `heatMap: low ${low} must not be above high ${high}`)
  const cell = (x: number) => {
    if (Number.isNaN(x)) return '??'
    const part = high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : 0
    return shades[Math.round(part * (shades.length - 1))]!.repeat(2)
  }
  const [rows, columns] = matrix.shape as readonly number[] as [number, number]
  const line = (row: number) => elements.slice(row * columns, (row + 1) * columns).map(cell)
  return Array.from({ length: rows }, (_, row) => line(row).join('')).join('\n')
}
