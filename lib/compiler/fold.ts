import { GraphNode, type Node, type NodeOf, type Source } from '../graph/node.js'
import { structureKey, topologicalOrder } from '../graph/structure.js'
import { isView, type ViewName } from '../graph/views.js'
import { Graph } from './graph.js'
import { contiguousLayout, type Layout, viewLayout } from './layout.js'

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
  const graph = new Graph(roots)
  const pass = new Folding(salt)
  const rewritten = graph.rewrite((node, inputs) => {
    if (graph.isConstant(node)) return node
    return node.withInputs(inputs.map((input) => (graph.isConstant(input) ? pass.fold(input) : input)))
  })
  return { roots: rewritten, folded: [...pass.folded.values()] }
}

class Folding {
  /** By their keys. */
  readonly folded = new Map<string, Folded>()
  readonly #salt: string
  readonly #leaves = new Map<Node, Node>()

  constructor(salt: string) {
    this.#salt = salt
  }

  /** What a node that is not constant reads in place of a constant. */
  fold(node: Node): Node {
    const { base, views } = foldPoint(node)
    if (base.source) return node
    return views.reduce<Node>((below, view) => view.withInputs([below]), this.#leaf(base))
  }

  #leaf(node: Node): Node {
    const known = this.#leaves.get(node)
    if (known) return known
    const leaf = this.#makeLeaf(node)
    this.#leaves.set(node, leaf)
    return leaf
  }

  #makeLeaf(node: Node): Node {
    const { dtype, shape } = node
    const key = `${this.#salt}|${structureKey(topologicalOrder([node]), [node])}`
    const entry = this.folded.get(key) ?? { node, source: new FoldedSource(key) }
    this.folded.set(key, entry)
    return node.op === 'pack'
      ? new GraphNode('packed', [], { shape, precision: node.parameters.precision }, entry.source)
      : new GraphNode('constant', [], { dtype, shape }, entry.source)
  }
}

/**
 * What of a constant is to be computed once, and the views over it that cost nothing at a run. A number that is
 * repeated over a large tensor, for one, must not take that tensor's memory.
 */
function foldPoint(node: Node): { base: Node; views: NodeOf<ViewName>[] } {
  const chain: NodeOf<ViewName>[] = []
  let base = node
  while (isView(base)) {
    chain.unshift(base)
    base = base.inputs[0]!
  }
  let layout = rowMajor(base)
  let views: NodeOf<ViewName>[] = []
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
