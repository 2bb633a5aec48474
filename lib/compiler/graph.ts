import type { Node } from '../graph/node.js'
import { topologicalOrder } from '../graph/structure.js'

/** Properties of a node. */
interface Entry {
  constant: boolean
  uses: number
  replacement: Node | undefined
}

/** Topological order, use counts and constness of a graph's nodes. Each pass makes one from its roots. */
export class Graph {
  readonly roots: readonly Node[]
  /** All nodes in topological order: each after its inputs. */
  readonly order: readonly Node[]
  readonly #entries = new Map<Node, Entry>()

  constructor(roots: readonly Node[]) {
    this.roots = roots
    this.order = topologicalOrder(roots)
    for (const node of this.order) {
      this.#entry(node)
      for (const input of node.inputs) this.#entry(input).uses++
    }
    for (const root of roots) this.#entry(root).uses++
  }

  /** The recursion is short: nodes of the graph are visited in order, and rewrite() visits the nodes it returns. */
  #entry(node: Node): Entry {
    let entry = this.#entries.get(node)
    if (!entry) {
      entry = { constant: this.#dependsOnConstants(node), uses: 0, replacement: undefined }
      this.#entries.set(node, entry)
    }
    return entry
  }

  #dependsOnConstants(node: Node): boolean {
    if (node.source) return node.isConstant
    if (node.op === 'fill') return node.parameters.constant
    return node.inputs.every((input) => this.#entry(input).constant)
  }

  /** The number of readers of a node. Being a root counts as one. */
  uses(node: Node): number {
    return this.#entry(node).uses
  }

  /**
   * Whether a node depends on constants only. The node may be in the graph, or made by the pass from nodes that rewrite()
   * has returned.
   */
  isConstant(node: Node): boolean {
    return this.#entry(node).constant
  }

  /**
   * Replaces all nodes in topological order.
   * @param replace returns the replacement of a node, given the replacements of its inputs
   * @returns the replacements of the roots
   */
  rewrite(replace: (node: Node, inputs: readonly Node[]) => Node): Node[] {
    for (const node of this.order) {
      const replacement = replace(
        node,
        node.inputs.map((input) => this.rewritten(input)),
      )
      if (replacement !== node) this.#entry(replacement)
      this.#entry(node).replacement = replacement
    }
    return this.roots.map((root) => this.rewritten(root))
  }

  /** The replacement of a node of the graph. */
  rewritten(node: Node): Node {
    return this.#entry(node).replacement!
  }
}
