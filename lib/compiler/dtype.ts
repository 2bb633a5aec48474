import type { DType, FloatDType } from '../graph/dtype.js'
import type { Precision } from '../graph/kinds.js'
import { GraphNode, type Node, type NodeOf } from '../graph/node.js'
import { sameShape } from '../graph/shape.js'
import { Graph } from './graph.js'
import { packedAs } from './packing.js'
import { hasEpilogue } from './products.js'
import { opRules } from './rules.js'
import type { Target } from './target.js'
import { Weights } from './weights.js'

/** The data type that a precision asks for activations. Rows that meet int8 weights are quantised from float32. */
const activationTypes: { readonly [P in Precision]: FloatDType } = {
  float32: 'float32',
  bfloat16: 'bfloat16',
  float16: 'float16',
  int8: 'float32',
}

/**
 * Gives every float32 node of a fused graph the data type that its arithmetic has, by the rule of its op
 * (rules/rule.ts) and by what the target computes, and stores packed weights in the asked precision (weights.ts). Where
 * neighbours differ, a copy converts. What the user's graph says stays: other types, and the types of the roots.
 * Constants stay float32 up to what reads them.
 */
export function chooseDTypes(roots: readonly Node[], target: Target, precision: Precision): readonly Node[] {
  if (precision === 'float32') return roots
  const graph = new Graph(roots)
  const pass = new Typing(graph, target, precision)
  const typed = graph.rewrite((node, inputs) => pass.rewrite(node, inputs))
  return typed.map((node, index) => pass.cast(node, roots[index]!.dtype))
}

class Typing {
  readonly #graph: Graph
  readonly #target: Target
  readonly #asked: FloatDType
  readonly #weights: Weights
  /** The copies of nodes in another type. A node has one at most: there are float32 and the asked type alone. */
  readonly #casts = new Map<Node, Node>()
  readonly #quantized = new Map<Node, Node>()

  constructor(graph: Graph, target: Target, precision: Precision) {
    this.#graph = graph
    this.#target = target
    this.#asked = activationTypes[precision]
    this.#weights = new Weights(graph, precision)
  }

  rewrite(node: Node, inputs: readonly Node[]): Node {
    if (opRules[node.op].dtype === 'keeps') return node.withInputs(inputs)
    const dtype = this.#choose(node, inputs)
    const converted = inputs.map((input, place) => {
      if (node.inputs[place]!.dtype !== 'float32') return input
      return this.cast(input, isArithmetic(node, place) ? dtype : 'float32')
    })
    if (node.op === 'gemm' || node.op === 'convolution') return this.#product(node, converted, dtype)
    return node.withInputs(converted)
  }

  #choose(node: Node, inputs: readonly Node[]): FloatDType {
    const asked = this.#asked
    if (this.#graph.isConstant(node)) return 'float32'
    const computes = this.#target.computes(node.op, asked)
    const reads = inputs.some((input, place) => input.dtype === asked && isArithmetic(node, place))
    switch (opRules[node.op].dtype) {
      case 'product':
        return computes ? asked : 'float32'
      case 'follows':
        return computes && reads ? asked : 'float32'
      case 'moves':
        return reads ? asked : 'float32'
      case 'float32':
      case 'keeps':
        return 'float32'
    }
  }

  /** A product over weights that are stored in the precision chosen for them. */
  #product(node: NodeOf<'gemm' | 'convolution'>, inputs: readonly Node[], dtype: FloatDType): Node {
    const [a, weight, ...rest] = inputs
    // Weights that come at a run are stored in the type of what they meet.
    const precision = this.#graph.isConstant(weight!) ? this.#weights.precisionFor(node) : dtype
    const rows = precision === 'int8' ? this.#quantize(a!) : a!
    return node.withInputs([rows, packedAs(weight!, precision), ...rest])
  }

  /** Products of the same rows (queries, keys and values) each see them through a reshape of their own. */
  #quantize(rows: Node): Node {
    let base = rows
    while (base.op === 'reshape') base = base.inputs[0]!
    const known = this.#quantized.get(base)
    if (known && sameShape(known.shape, rows.shape)) return known
    const quantized = new GraphNode('quantize', [rows], {})
    this.#quantized.set(base, quantized)
    return quantized
  }

  /** A node's elements in another type. */
  cast(node: Node, dtype: DType): Node {
    if (node.dtype === dtype) return node
    const known = this.#casts.get(node)
    if (known) return known
    const converted = this.#makeCast(node, dtype)
    this.#casts.set(node, converted)
    return converted
  }

  #makeCast(node: Node, dtype: DType): Node {
    // Readers of the same elements each see them through views of their own.
    if (node.op === 'reshape' || node.op === 'permute' || node.op === 'expand')
      return node.withInputs([this.cast(node.inputs[0]!, dtype)])
    // Back to the type it was widened from, without a change.
    if (node.op === 'copy' && node.dtype === 'float32' && node.inputs[0]!.dtype === dtype)
      return node.inputs[0]!
    return new GraphNode('copy', [node], { dtype })
  }
}

/** Whether an operand has the type of the node's arithmetic; see OpRule. */
function isArithmetic(node: Node, place: number): boolean {
  const isResidual = hasEpilogue(node) && node.parameters.residual && place === node.inputs.length - 1
  return isResidual || place < (opRules[node.op].float32From ?? node.inputs.length)
}
