import { invalid } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { GraphNode } from '../graph/node.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { Fitting, OfRank, SameRank } from '../graph/shape-types.js'
import { optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import { isInteger, isNumber, readList } from '../values.js'
import { makeTensor, nodeOf, requireTensor, requireWhole, tensorOf } from './check.js'

/**
 * Pads each axis with one value.
 * @param widths [before, after] for each axis
 * @throws SHAPE_MISMATCH, OPTION_INVALID, INPUT_INVALID
 */
export function pad<D extends DType, S extends Shape, const W extends readonly (readonly [number, number])[]>(
  x: Tensor<D, S>,
  widths: W & Fitting<OfRank<S, W['length']>, 'there must be a pair of widths for each axis'>,
  value = 0,
): Tensor<D, SameRank<S>> {
  requireTensor(x, 'pad')
  const pairs = readList(widths, Array.isArray, { what: 'pad: widths', expected })
  const sides = pairs.map((pair, axis) => widthsOf(pair, `pad: widths[${axis}]`))
  if (sides.length !== x.rank)
    throw invalid(
      'SHAPE_MISMATCH',
      'pad',
      `a pair of widths for each axis of ${formatShape(x.shape)}`,
      `${sides.length} pairs`,
    )
  if (!isNumber(value)) optionInvalid('pad: value', value, 'a number')
  if (sides.flat().every((width) => width === 0)) return tensorOf(nodeOf(x, 'pad'), x)
  const before = sides.map(([count]) => count)
  const after = sides.map(([, count]) => count)
  return makeTensor(new GraphNode('pad', [nodeOf(x, 'pad')], { before, after, value }))
}

const expected = 'pairs of whole numbers, [before, after]'

function widthsOf(pair: readonly unknown[], what: string): readonly [number, number] {
  const [before, after, ...more] = readList(pair, isInteger, { what, expected, item: 'a whole number' })
  if (before === undefined || after === undefined || more.length > 0) optionInvalid(what, pair, expected)
  for (const width of [before, after]) requireWhole(width, 0, 'pad: a width')
  return [before, after]
}
