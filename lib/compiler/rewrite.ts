import { type Attributes, Node } from '../graph/node.js'

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
