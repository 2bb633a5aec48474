import type { DType } from './dtype.js'
import { Node } from './node.js'
import { type Shape, sameShape } from './shape.js'

/**
 * Nodes that only look at their input in another way. Nothing is checked here: ops and passes did. Where nothing
 * changes it is the node itself.
 */

/** Names of the ops made here: their elements are those of their input, and stay where they are if they can. */
export const viewOps: ReadonlySet<string> = new Set(['reshape', 'permute', 'expand', 'slice'])

/** The same elements, row-major, under another shape. */
export function reshapeNode(node: Node, shape: Shape): Node {
  return sameShape(node.shape, shape) ? node : new Node('reshape', node.dtype, shape, [node])
}

/** Axis i of the result is axis `axes[i]`. */
export function permuteNode(node: Node, axes: readonly number[]): Node {
  if (axes.every((axis, index) => axis === index)) return node
  const shape = axes.map((axis) => node.shape[axis]!)
  return new Node('permute', node.dtype, shape, [node], { axes })
}

/** Repeats axes of size 1, and adds leading axes. */
export function expandNode(node: Node, shape: Shape): Node {
  return sameShape(node.shape, shape) ? node : new Node('expand', node.dtype, shape, [node])
}

/** `size` places on an axis, from `start` on, `step` apart. */
export function sliceNode(node: Node, axis: number, start: number, size: number, step = 1): Node {
  if (size === node.shape[axis]) return node
  const shape = node.shape.map((dim, index) => (index === axis ? size : dim))
  return new Node('slice', node.dtype, shape, [node], { axis, start, step })
}

/**
 * A node whose elements all have one value: that of a scalar, repeated.
 * @param constant whether it is a constant of its graph, as what ops and modules fill is. What users fill is data: a
 *   model that is run on zeros would be folded into its result else
 */
export function fillNode(shape: Shape, value: number, dtype: DType, constant: boolean): Node {
  return expandNode(new Node('fill', dtype, [], [], { value, constant }), shape)
}
