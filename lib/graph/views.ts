import type { DType } from './dtype.js'
import { GraphNode, type Node, type NodeOf } from './node.js'
import { type Views, views } from './record/views.js'
import { type Shape, sameShape } from './shape.js'

/** Functions that make view nodes, or return the node itself if nothing changes. They do not check their arguments. */

export type ViewName = keyof Views

export function isView(node: Node): node is NodeOf<ViewName> {
  return Object.hasOwn(views, node.op)
}

/** The same elements in row-major order with another shape. */
export function reshapeNode(node: Node, shape: Shape): Node {
  return sameShape(node.shape, shape) ? node : new GraphNode('reshape', [node], { shape })
}

/** Axis i of the result is axis `axes[i]`. */
export function permuteNode(node: Node, axes: readonly number[]): Node {
  return axes.every((axis, index) => axis === index) ? node : new GraphNode('permute', [node], { axes })
}

/** Repeats axes of size 1 and adds leading axes. */
export function expandNode(node: Node, shape: Shape): Node {
  return sameShape(node.shape, shape) ? node : new GraphNode('expand', [node], { shape })
}

/** `size` elements along an axis: start, start + step, ... */
export function sliceNode(node: Node, axis: number, start: number, size: number, step = 1): Node {
  return size === node.shape[axis] ? node : new GraphNode('slice', [node], { axis, start, size, step })
}

/** A scalar repeated to a shape. record/elementwise.ts documents `constant`. */
export function fillNode(shape: Shape, value: number, dtype: DType, constant: boolean): Node {
  return expandNode(new GraphNode('fill', [], { dtype, value, constant }), shape)
}
