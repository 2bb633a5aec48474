import type { Node } from '../graph/node.js'
import { topologicalOrder } from '../graph/structure.js'

/** What a pass asks about a graph and its nodes, found out once. A pass makes its own of the roots it is given. */
export class Graph {
  readonly roots: readonly Node[]
  /** Its nodes, each after its inputs. */
  readonly order: readonly Node[]
  readonly #uses = new Map<Node, number>()
  readonly #constant = new Map<Node, boolean>()
  readonly #rewritten = new Map<Node, Node>()

  constructor(roots: readonly Node[]) {
    this.roots = roots
    this.order = topologicalOrder(roots)
    for (const node of this.order) {
      this.isConstant(node)
      for (const input of node.inputs) this.#countUse(input)
    }
    for (const root of roots) this.#countUse(root)
  }

  #countUse(node: Node): void {
    this.#uses.set(node, this.uses(node) + 1)
  }

  /** How often a node is read, counting a root as one reader. */
  uses(node: Node): number {
    return this.#uses.get(node) ?? 0
  }

  /**
   * Whether no run-time data reaches a node, of the graph or made from it. A filled tensor is data, as a user who runs a
   * model on zeros would otherwise have the whole model folded into a constant; those that ops make say so.
   */
  isConstant(node: Node): boolean {
    const known = this.#constant.get(node)
    if (known !== undefined) return known
    // Not deep: inputs of the graph's own nodes are known, and so are those that rewrite() has made.
    const constant = this.#dependsOnConstants(node)
    this.#constant.set(node, constant)
    return constant
  }

  #dependsOnConstants(node: Node): boolean {
    if (node.source) return node.isConstant
    if (node.op === 'fill') return node.parameters.constant
    return node.inputs.every((input) => this.isConstant(input))
  }

  /**
   * Makes each node anew, after its inputs.
   * @param replace the node that takes a node's place, given what its inputs have become
   * @returns what the roots have become
   */
  rewrite(replace: (node: Node, inputs: readonly Node[]) => Node): Node[] {
    for (const node of this.order) {
      const inputs = node.inputs.map((input) => this.rewritten(input))
      const replacement = replace(node, inputs)
      this.isConstant(replacement)
      this.#rewritten.set(node, replacement)
    }
    return this.roots.map((root) => this.rewritten(root))
  }

  /** What a node of the graph has become. */
  rewritten(node: Node): Node {
    return this.#rewritten.get(node)!
  }
}
