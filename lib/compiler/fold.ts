import { Node, type Source, structureKey, topologicalOrder } from '../graph/node.js'
import { viewOps } from '../graph/views.js'
import { constantNodes } from './constancy.js'
import { contiguousLayout, type Layout, viewLayout } from './layout.js'
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
 * A root that is constant itself stays as it is: it is computed this once.
 * @param salt what else a folded constant depends on: the layout packed weights have on this target
 */
export function fold(roots: readonly Node[], salt: string): { roots: Node[]; folded: Folded[] } {
  const order = topologicalOrder(roots)
  const constant = constantNodes(order)
  const folded = new Map<string, Folded>()
  const rewritten = new Map<Node, Node>()
  const leaf = (node: Node): Node => {
    const key = `${salt}|${structureKey(topologicalOrder([node]), [node])}`
    const entry = folded.get(key) ?? { node, source: new FoldedSource(key) }
    folded.set(key, entry)
    return new Node('constant', node.dtype, node.shape, [], node.attributes, entry.source)
  }
  const replaced = (node: Node): Node => {
    const { base, views } = foldPoint(node)
    if (base.source) return node
    return views.reduce((below, view) => withInputs(view, [below]), memo(rewritten, base, leaf))
  }
  for (const node of order) {
    if (node.source || constant.has(node)) continue
    const inputs = node.inputs.map((input) =>
      constant.has(input) ? memo(rewritten, input, replaced) : (rewritten.get(input) ?? input),
    )
    rewritten.set(node, withInputs(node, inputs))
  }
  return {
    roots: roots.map((root) => (constant.has(root) ? root : (rewritten.get(root) ?? root))),
    folded: [...folded.values()],
  }
}

function memo(map: Map<Node, Node>, node: Node, make: (node: Node) => Node): Node {
  const known = map.get(node)
  if (known) return known
  const made = make(node)
  map.set(node, made)
  return made
}

/**
 * What of a constant is to be computed once, and the views over it that cost nothing at a run. A number that is
 * repeated over a large tensor, for one, must not take that tensor's memory.
 */
function foldPoint(node: Node): { base: Node; views: Node[] } {
  const chain: Node[] = []
  let base = node
  while (!base.source && viewOps.has(base.op)) {
    chain.unshift(base)
    base = base.inputs[0]!
  }
  let layout = rowMajor(base)
  let views: Node[] = []
  for (const view of chain) {
    const next = viewLayout(view, layout)
    if (next) {
      layout = next
      views.push(view)
    } else {
      layout = rowMajor(view)
      base = view
      views = []
    }
  }
  return isDenseOrBroadcast(layout) ? { base, views } : { base: node, views: [] }
}

/** Kernels read rows whose elements are apart more slowly, or not at all. */
function isDenseOrBroadcast({ shape, strides }: Layout): boolean {
  const last = shape.length - 1
  return last < 0 || shape[last] === 1 || strides[last]! <= 1
}

function rowMajor(node: Node): Layout {
  const value = { kind: 'constant', place: 0, bytes: 0, first: -1, last: -1 } as const
  return contiguousLayout({ ...value }, node.dtype, node.shape)
}
