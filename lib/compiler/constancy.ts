import type { Node } from '../graph/node.js'

/** The nodes of a graph (in topological order) that no run-time data reaches. */
export function constantNodes(order: readonly Node[]): Set<Node> {
  const constant = new Set<Node>()
  for (const node of order) {
    if (node.source ? node.isConstant : node.inputs.every((input) => constant.has(input))) constant.add(node)
  }
  return constant
}
