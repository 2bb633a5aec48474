import { Node, type Source, structureKey, topologicalOrder } from '../graph/node.js'
import { viewOps } from '../graph/views.js'
import { constantNodes } from './constancy.js'
import { withInputs } from './rewrite.js'

/** A part of the graph that depends on constants alone: computed once a process, then a constant itself. */
export interface Folded {
  readonly node: Node
  readonly source: FoldedSource
}

/** Stands for a folded constant; the runtime finds or makes its memory by the key. */
export class FoldedSource implements Source {
  readonly key: string
  readonly disposed = false

  constructor(key: string) {
    this.key = key
  }
}

/**
 * Cuts the constant parts off a graph. Returns the roots over constants that do not exist yet, and how to make them.
 * @param salt what else a folded constant depends on: the layout packed weights have on this target
 */
export function fold(roots: readonly Node[], salt: string): { roots: Node[]; folded: Folded[] } {
  const order = topologicalOrder(roots)
  const constant = constantNodes(order)
  const folded = new Map<string, Folded>()
  const rewritten = new Map<Node, Node>()
  const leaf = (node: Node): Node => {
    if (isViewOfLeaf(node)) return node
    const key = `${salt}|${structureKey(topologicalOrder([node]), [node])}`
    let entry = folded.get(key)
    if (!entry) {
      entry = { node, source: new FoldedSource(key) }
      folded.set(key, entry)
    }
    return new Node('constant', node.dtype, node.shape, [], node.attributes, entry.source)
  }
  for (const node of order) {
    if (node.source || constant.has(node)) continue
    const inputs = node.inputs.map((input) => {
      if (!constant.has(input)) return rewritten.get(input) ?? input
      return memo(rewritten, input, leaf)
    })
    rewritten.set(node, withInputs(node, inputs))
  }
  const newRoots = roots.map((root) =>
    constant.has(root) && !root.source ? memo(rewritten, root, leaf) : (rewritten.get(root) ?? root),
  )
  return { roots: newRoots, folded: [...folded.values()] }
}

function memo(map: Map<Node, Node>, node: Node, make: (node: Node) => Node): Node {
  const known = map.get(node)
  if (known) return known
  const made = make(node)
  map.set(node, made)
  return made
}

/** A view of a leaf that costs no copy at any run: no reshape comes after what reorders. */
function isViewOfLeaf(node: Node): boolean {
  let current = node
  while (!current.source && viewOps.has(current.op) && current.op !== 'reshape') current = current.inputs[0]!
  while (!current.source && current.op === 'reshape') current = current.inputs[0]!
  return current.source !== undefined
}
