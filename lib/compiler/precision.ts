import { type Node, topologicalOrder } from '../graph/node.js'
import { constantNodes } from './constancy.js'
import { withAttributes, withInputs } from './rewrite.js'
import type { Precision } from './target.js'

/** Stores packed weights in the asked precision. Packed activations stay float32. */
export function choosePrecision(roots: readonly Node[], precision: Precision): readonly Node[] {
  if (precision === 'float32') return roots
  const order = topologicalOrder(roots)
  const constant = constantNodes(order)
  const rewritten = new Map<Node, Node>()
  for (const node of order) {
    const inputs = node.source ? [] : node.inputs.map((input) => rewritten.get(input)!)
    const chosen =
      node.op === 'pack' && constant.has(node)
        ? withAttributes(node, inputs, { precision })
        : withInputs(node, inputs)
    rewritten.set(node, chosen)
  }
  return roots.map((root) => rewritten.get(root)!)
}
