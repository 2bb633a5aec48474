import type { DType, FloatDType } from '../graph/dtype.js'
import type { Precision } from '../graph/kinds.js'
import { GraphNode, type Node, type NodeOf } from '../graph/node.js'
import { sameShape } from '../graph/shape.js'
import { Graph } from './graph.js'
import { packedAs } from './packing.js'
import { WeightPrecisions } from './precision.js'
import { hasEpilogue } from './products.js'
import { opRules } from './rules.js'
import type { Target } from './target.js'

/** The data type of activations for each precision. With int8, gemm quantises rows of float32. */
const activationTypes: { readonly [P in Precision]: FloatDType } = {
  float32: 'float32',
  bfloat16: 'bfloat16',
  float16: 'float16',
  int8: 'float32',
}

/**
 * Chooses the data type of every node of a fused graph that is float32 in the user's graph: by the rule of its op
 * (rules/rule.ts), the requested type and what the target computes. Inserts conversions between nodes of different types.
 * Nodes of other types, and the types of roots, do not change. Constants are computed in float32 and converted where a
 * node reads them. Weights of products are stored in the precision that precision.ts chooses.
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
  readonly #requested: FloatDType
  readonly #precisions: WeightPrecisions
  /** Conversions by the node that they convert: from float32 to the requested type, or back. */
  readonly #casts = new Map<Node, Node>()
  readonly #quantized = new Map<Node, Node>()

  constructor(graph: Graph, target: Target, precision: Precision) {
    this.#graph = graph
    this.#target = target
    this.#requested = activationTypes[precision]
    this.#precisions = new WeightPrecisions(graph, precision)
  }

  rewrite(node: Node, inputs: readonly Node[]): Node {
    if (opRules[node.op].dtype === 'keeps') return node.withInputs(inputs)
    const dtype = this.#choose(node, inputs)
    const converted = inputs.map((input, index) => {
      if (node.inputs[index]!.dtype !== 'float32') return input
      return this.cast(input, hasChosenType(node, index) ? dtype : 'float32')
    })
    if (node.op === 'gemm' || node.op === 'convolution') return this.#product(node, converted, dtype)
    return node.withInputs(converted)
  }

  #choose(node: Node, inputs: readonly Node[]): FloatDType {
    const requested = this.#requested
    if (this.#graph.isConstant(node)) return 'float32'
    const computes = this.#target.computes(node.op, requested)
    const reads = inputs.some((input, index) => input.dtype === requested && hasChosenType(node, index))
    switch (opRules[node.op].dtype) {
      case 'product':
        return computes ? requested : 'float32'
      case 'follows':
        return computes && reads ? requested : 'float32'
      case 'moves':
        return reads ? requested : 'float32'
      case 'float32':
      case 'keeps':
        return 'float32'
    }
  }

  /** Sets the precision of a product's weights, and quantises its rows if that is int8. */
  #product(node: NodeOf<'gemm' | 'convolution'>, inputs: readonly Node[], dtype: FloatDType): Node {
    const [a, weight, ...rest] = inputs
    // Weights that are not constant have the type of the activations.
    const precision = this.#graph.isConstant(weight!) ? this.#precisions.of(node) : dtype
    const rows = precision === 'int8' ? this.#quantize(a!) : a!
    return node.withInputs([rows, packedAs(weight!, precision), ...rest])
  }

  /** Rows are quantised once: products of the same rows (queries, keys, values) read them through separate reshapes. */
  #quantize(rows: Node): Node {
    let base = rows
    while (base.op === 'reshape') base = base.inputs[0]!
    const known = this.#quantized.get(base)
    if (known && sameShape(known.shape, rows.shape)) return known
    const quantized = new GraphNode('quantize', [rows], {})
    this.#quantized.set(base, quantized)
    return quantized
  }

  /** Converts a node to a data type. */
  cast(node: Node, dtype: DType): Node {
    if (node.dtype === dtype) return node
    const known = this.#casts.get(node)
    if (known) return known
    const converted = this.#makeCast(node, dtype)
    this.#casts.set(node, converted)
    return converted
  }

  #makeCast(node: Node, dtype: DType): Node {
    // Converts before the view, so that nodes that read the same elements through different views share the conversion.
    if (node.op === 'reshape' || node.op === 'permute' || node.op === 'expand')
      return node.withInputs([this.cast(node.inputs[0]!, dtype)])
    // A 16-bit value converted to float32 and back is unchanged.
    if (node.op === 'copy' && node.dtype === 'float32' && node.inputs[0]!.dtype === dtype)
      return node.inputs[0]!
    return new GraphNode('copy', [node], { dtype })
  }
}

/** Whether an operand has the data type that is chosen for the node. */
function hasChosenType(node: Node, index: number): boolean {
  const isResidual = hasEpilogue(node) && node.parameters.residual && index === node.inputs.length - 1
  return isResidual || index < (opRules[node.op].float32From ?? node.inputs.length)
}
