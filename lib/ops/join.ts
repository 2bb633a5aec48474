import { invalid } from '../errors.js'
import type { Insert, Replace } from '../graph/axis-types.js'
import type { DType } from '../graph/dtype.js'
import { GraphNode, type Node } from '../graph/node.js'
import { formatShape, normalizeAxis, type Shape, sameShape } from '../graph/shape.js'
import type { Fitting, SameShape } from '../graph/shape-types.js'
import { reshapeNode } from '../graph/views.js'
import type { Tensor } from '../tensor/tensor.js'
import { makeTensor, nodeOf, type OnAxis, requireTensors, tensorOf } from './check.js'

/** Shape of tensors joined on an axis; `never` if two differ in data type, or in the size of another axis. */
type Joined<T extends readonly Tensor[], A extends number> = T extends readonly [
  infer First extends Tensor,
  infer Second extends Tensor,
  ...infer Rest extends readonly Tensor[],
]
  ? Second['dtype'] extends First['dtype']
    ? [SameShape<OtherAxes<First, A>, OtherAxes<Second, A>>] extends [never]
      ? never
      : Joined<readonly [First, ...Rest], A>
    : never
  : OtherAxes<T[number], A>

type OtherAxes<T extends Tensor, A extends number> = Replace<ShapeOf<T>, A, number>
type ShapeOf<T> = T extends Tensor<DType, infer S> ? S : never

/**
 * Joins tensors along an axis (default: the first). Their data types and the sizes of all other axes must be equal.
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID for an empty list
 */
export function concat<const T extends readonly Tensor[], const A extends number = 0>(
  tensors: T & Fitting<Joined<T, A>, 'the tensors differ in data type, or in the size of another axis'>,
  axis?: A & OnAxis<ShapeOf<T[0]>, A>,
): Tensor<T[number]['dtype'], Joined<T, A>> {
  const list = checkList<Tensor<T[number]['dtype']>>(tensors, 'concat')
  const [first] = list
  const axisIndex = normalizeAxis(axis ?? 0, first.rank, 'concat')
  for (const [place, { rank, shape }] of list.entries()) {
    if (rank !== first.rank || shape.some((dim, index) => index !== axisIndex && dim !== first.shape[index]))
      throw invalid(
        'SHAPE_MISMATCH',
        `concat: element ${place}`,
        `the sizes of the first, ${formatShape(first.shape)}, except on axis ${axisIndex}`,
        formatShape(shape),
      )
  }
  return join(
    first,
    list.map((tensor) => nodeOf(tensor, 'concat')),
    axisIndex,
  )
}

/** Joins tensors of one shape along a new axis. @throws SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID */
export function stack<D extends DType, S extends Shape, const A extends number = 0>(
  tensors: readonly Tensor<D, S>[],
  axis?: A & OnAxis<[...S, 1], A>,
): Tensor<D, Insert<S, A, number>> {
  const list = checkList(tensors, 'stack')
  const [first] = list
  const axisIndex = normalizeAxis(axis ?? 0, first.rank + 1, 'stack')
  const shape = [...first.shape.slice(0, axisIndex), 1, ...first.shape.slice(axisIndex)]
  const slices = list.map((tensor, place) => {
    if (!sameShape(tensor.shape, first.shape))
      throw invalid(
        'SHAPE_MISMATCH',
        `stack: element ${place}`,
        `the shape of the first, ${formatShape(first.shape)}`,
        formatShape(tensor.shape),
      )
    return reshapeNode(nodeOf(tensor, 'stack'), shape)
  })
  return join(first, slices, axisIndex)
}

/** A copy of a list of tensors of one data type. */
function checkList<T extends Tensor>(tensors: readonly T[], what: string): readonly [T, ...T[]] {
  const list = requireTensors(tensors, what)
  const [first] = list
  for (const [index, tensor] of list.entries())
    if (tensor.dtype !== first.dtype)
      throw invalid(
        'DTYPE_MISMATCH',
        `${what}: element ${index}`,
        `the type of the first, ${first.describe()}`,
        tensor.describe(),
      )
  return list
}

function join<D extends DType, S extends Shape>(
  first: Tensor<D>,
  parts: readonly Node[],
  axis: number,
): Tensor<D, S> {
  if (parts.length === 1) return tensorOf(parts[0]!, first)
  return makeTensor(new GraphNode('concat', parts, { axis }))
}
