import { GraphNode, type Node, type NodeOf, type Source } from '../graph/node.js'
import { structureKey, topologicalOrder } from '../graph/structure.js'
import { isView, type ViewName } from '../graph/views.js'
import { Graph } from './graph.js'
import { contiguousLayout, type Layout, viewLayout } from './layout.js'

/** A part of the graph that depends on constants only. It is computed once in a process and then is a constant. */
export interface Folded {
  readonly node: Node
  readonly source: FoldedSource
}

/** The source of a folded constant. The runtime looks its memory up by the key, or computes it. */
export class FoldedSource implements Source {
  readonly key: string
  readonly disposed = false

  constructor(key: string) {
    this.key = key
  }
}

/**
 * Constant folding. Replaces the constant parts of a graph by leaves, and returns the new roots and the parts.
 * A root that is constant itself is not folded: it is computed only once anyway.
 * @param salt part of the keys: the layout of packed weights on this target
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

  /** The node that replaces a constant as the input of a node that is not constant. */
  fold(node: Node): Node {
    const { base, views } = foldPoint(node)
    if (base.source) return node
    return views.reduce<Node>((input, view) => view.withInputs([input]), this.#leaf(base))
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
 * Splits a constant into a base that is folded, and views that stay in the program because they need no copy. Without the
 * split, a number that is broadcast to a large tensor would be stored at full size.
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

/** Kernels need a last axis of stride 1 or 0; other strides are slow or not supported. */
function isDenseOrBroadcast({ shape, strides }: Layout): boolean {
  const last = shape.length - 1
  return last < 0 || shape[last] === 1 || strides[last]! <= 1
}

function rowMajor(node: Node): Layout {
  const value = { kind: 'constant', location: 0, bytes: 0, first: -1, last: -1 } as const
  return contiguousLayout({ ...value }, node.dtype, node.shape)
}
