import type { Node } from './node.js'

/** The nodes that `roots` depend on, each after its inputs. Iterative: graphs may be deeper than the call stack. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; next: number }[] = []
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    stack.push({ node: root, next: 0 })
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!
      const input = frame.node.inputs[frame.next]
      if (input === undefined) {
        order.push(frame.node)
        stack.pop()
        continue
      }
      frame.next++
      if (!seen.has(input)) {
        seen.add(input)
        stack.push({ node: input, next: 0 })
      }
    }
  }
  return order
}

/** Copies of all nodes but leaves, and so of a graph that stays as it is when nodes of it become leaves. */
export function copyGraph(roots: readonly Node[]): Node[] {
  const copies = new Map<Node, Node>()
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map((input) => copies.get(input)!)
    copies.set(node, node.source ? node : node.withParameters(inputs, {}))
  }
  return roots.map((root) => copies.get(root)!)
}

/** A key that is equal for graphs of equal structure. Constants are compared by content, data by data type and shape. */
export function structureKey(order: readonly Node[], roots: readonly Node[]): string {
  const indices = new Map(order.map((node, index) => [node, index]))
  const parts = order.map((node) => {
    if (node.isConstant) return `${node.signature}=${node.source!.key}`
    return `${node.signature}(${node.inputs.map((input) => indices.get(input)).join()})`
  })
  return `${parts.join(';')}>${roots.map((root) => indices.get(root)).join()}`
}
