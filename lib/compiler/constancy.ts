import type { Node } from '../graph/node.js'

/**
 * The nodes of a graph (in topological order) that no run-time data reaches. A filled tensor is data, as a user who
 * runs a model on zeros would otherwise have the whole model folded into a constant; those that ops make say so.
 */
export function constantNodes(order: readonly Node[]): Set<Node> {
  const constant = new Set<Node>()
  for (const node of order) {
    if (node.source ? node.isConstant : isConstantOp(node, constant)) constant.add(node)
  }
  return constant
}

function isConstantOp(node: Node, constant: ReadonlySet<Node>): boolean {
  if (node.op === 'fill') return node.attributes.constant === true
  return node.inputs.every((input) => constant.has(input))
}
