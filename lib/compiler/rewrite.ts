import { type Attributes, Node } from '../graph/node.js'
import { type Shape, sizeOf } from '../graph/shape.js'

/** Ops that only look at their input in another way; they cost nothing unless a reshape cannot be a view. */
export const viewOps: ReadonlySet<string> = new Set(['reshape', 'permute', 'expand', 'slice'])

/** How often each node of a graph is read, counting a root as one reader. */
export function countUses(order: readonly Node[], roots: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>()
  const add = (node: Node) => uses.set(node, (uses.get(node) ?? 0) + 1)
  for (const node of order) if (!node.source) node.inputs.forEach(add)
  roots.forEach(add)
  return uses
}

/** The node with other inputs; itself if they are the same. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  if (node.source || inputs.every((input, index) => input === node.inputs[index])) return node
  return new Node(node.op, node.dtype, node.shape, inputs, node.attributes)
}

export function withAttributes(node: Node, inputs: readonly Node[], attributes: Attributes): Node {
  return new Node(node.op, node.dtype, node.shape, inputs, { ...node.attributes, ...attributes })
}

/** Shorthands for the view nodes that passes make. Shapes were checked when the ops were called. */
export function reshapeNode(node: Node, shape: Shape): Node {
  if (node.shape.length === shape.length && node.shape.every((dim, axis) => dim === shape[axis])) return node
  if (sizeOf(node.shape) !== sizeOf(shape)) throw new Error(`reshape of [${node.shape}] to [${shape}]`)
  return new Node('reshape', node.dtype, shape, [node])
}

export function permuteNode(node: Node, axes: readonly number[]): Node {
  return new Node(
    'permute',
    node.dtype,
    axes.map((axis) => node.shape[axis]!),
    [node],
    { axes },
  )
}

export function expandNode(node: Node, shape: Shape): Node {
  if (node.shape.length === shape.length && node.shape.every((dim, axis) => dim === shape[axis])) return node
  return new Node('expand', node.dtype, shape, [node])
}
