import { sizesOf } from '../graph/shape.js'
import { requireDType, requireRank } from '../ops/check.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { isNumber } from '../values.js'

/** From low to high. */
const shades = ['·', '░', '▒', '▓', '█']

/** Options of {@link heatMap}. */
export interface HeatMapOptions {
  /** The value that is shown as dots. Default: the minimum, at most 0. */
  readonly low?: number | undefined
  /** The value that is shown as full blocks. Default: the maximum, at least `low`. */
  readonly high?: number | undefined
}

/**
 * Draws a matrix as text, to show masks, weights and positions in a terminal: a line for each row, two characters for
 * each element, darker for larger values. -Infinity is shown as dots, NaN as '??'.
 * @param matrix bool or float32 [rows, columns]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, and the errors of `data()`
 */
export async function heatMap(
  matrix: Tensor<'float32' | 'bool'>,
  options: HeatMapOptions = {},
): Promise<string> {
  requireDType(matrix, ['float32', 'bool'], 'heatMap')
  requireRank(matrix, 2, '[rows, columns]', 'heatMap')
  const elements = Array.from(await (matrix as Tensor<'float32'>).data())
  const finite = elements.filter(Number.isFinite)
  const given = checkOptions(options, ['low', 'high'], 'heatMap')
  for (const name of ['low', 'high'] as const)
    if (given[name] !== undefined && !isNumber(given[name]))
      optionInvalid(`heatMap: ${name}`, given[name], 'a number')
  const low = given.low ?? finite.reduce((min, x) => Math.min(min, x), 0)
  const high = given.high ?? finite.reduce((max, x) => Math.max(max, x), low)
  if (!(low <= high)) optionInvalid('heatMap: low', low, `a number up to high, which is ${high}`)
  const cell = (x: number) => {
    if (Number.isNaN(x)) return '??'
    const part = high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : 0
    return shades[Math.round(part * (shades.length - 1))]!.repeat(2)
  }
  const [rows, columns] = sizesOf(matrix.shape, 2)
  const line = (row: number) => elements.slice(row * columns, (row + 1) * columns).map(cell)
  return Array.from({ length: rows }, (_, row) => line(row).join('')).join('\n')
}
