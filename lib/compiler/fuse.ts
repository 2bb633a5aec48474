import { isActivation } from '../graph/kinds.js'
import { GraphNode, type Node, type NodeOf } from '../graph/node.js'
import { type Shape, sameShape, sizeOf } from '../graph/shape.js'
import { expandNode, reshapeNode } from '../graph/views.js'
import type { Graph } from './graph.js'
import { type EpilogueOp, hasEpilogue, productOfConvolution, productOfMatmul } from './products.js'

/**
 * Replaces matrix products and convolutions by gemm and convolution over packed weights, and moves the ops that follow
 * them (layer scale, bias, activation, residual) into their epilogue. Convolutions over patches become a gemm.
 */
export function fuse(graph: Graph): Node[] {
  const pass = new Fusion(graph)
  return graph.rewrite((node, inputs) => pass.rewrite(node, inputs))
}

class Fusion {
  readonly #graph: Graph

  constructor(graph: Graph) {
    this.#graph = graph
  }

  rewrite(node: Node, inputs: readonly Node[]): Node {
    const [first, second] = inputs
    switch (node.op) {
      case 'matmul':
        return productOfMatmul(first!, second!, node.shape)
      case 'conv2d':
        return productOfConvolution(first!, second!, node)
      case 'unary':
        return this.#fuseActivation(node) ?? node.withInputs(inputs)
      case 'binary':
        return this.#fuseBinary(node, inputs) ?? node.withInputs(inputs)
      default:
        return node.withInputs(inputs)
    }
  }

  /** The product that computes an input, if it has no other reader and its epilogue has no residual yet. */
  #product(original: Node): NodeOf<EpilogueOp> | undefined {
    let product = original
    while (this.#graph.uses(product) === 1 && product.op === 'reshape') product = product.inputs[0]!
    if (this.#graph.uses(product) !== 1) return undefined
    let node = this.#graph.rewritten(product)
    if (node.op === 'reshape') node = node.inputs[0]!
    return hasEpilogue(node) && !node.parameters.residual ? node : undefined
  }

  /** The product that computes an input, if its epilogue has no activation either. */
  #linearProduct(original: Node): NodeOf<EpilogueOp> | undefined {
    const product = this.#product(original)
    return product?.parameters.activation === 'identity' ? product : undefined
  }

  #fuseActivation(node: NodeOf<'unary'>): Node | undefined {
    const { kind } = node.parameters
    const product = this.#linearProduct(node.inputs[0]!)
    if (!product || !isActivation(kind)) return undefined
    return reshapeNode(product.withParameters(product.inputs, { activation: kind }), node.shape)
  }

  #fuseBinary(node: NodeOf<'binary'>, inputs: readonly Node[]): Node | undefined {
    const { kind } = node.parameters
    if (node.dtype !== 'float32' || (kind !== 'add' && kind !== 'multiply')) return undefined
    for (const side of [1, 0]) {
      const original = node.inputs[side]!
      const other = inputs[1 - side]!
      if (!sameShape(original.shape, node.shape)) continue
      const fused =
        kind === 'add'
          ? this.#fuseAdd(original, other, node.shape)
          : this.#fuseScale(original, other, node.shape)
      if (fused) return fused
    }
    return undefined
  }

  #fuseAdd(original: Node, other: Node, shape: Shape): Node | undefined {
    const product = this.#product(original)
    if (!product) return undefined
    const { activation, bias } = product.parameters
    const vector = asVector(other, product.shape.at(-1)!)
    if (vector && activation === 'identity' && !bias)
      return reshapeNode(product.withParameters([...product.inputs, vector], { bias: true }), shape)
    // A residual must be in memory in full. A separate addition reads a broadcast operand without a copy.
    if (product.op === 'depthwise' || other.op === 'expand' || !sameShape(other.shape, shape))
      return undefined
    const inputs = [...product.inputs, reshapeNode(other, product.shape)]
    return reshapeNode(product.withParameters(inputs, { residual: true }), shape)
  }

  /** Layer scale: gamma * (x W + b) = x (W gamma) + b gamma, folded once for constant weights. */
  #fuseScale(original: Node, gamma: Node, shape: Shape): Node | undefined {
    const product = this.#linearProduct(original)
    if (product?.op !== 'gemm' || !this.#graph.isConstant(gamma)) return undefined
    const [rows, packed, bias] = [product.inputs[0]!, product.inputs[1]!, product.inputs[2]]
    const vector = asVector(gamma, packed.shape[2]!)
    if (!vector || packed.op !== 'pack' || !this.#graph.isConstant(packed)) return undefined
    const weight = packed.inputs[0]!
    const columns = expandNode(reshapeNode(vector, [1, 1, vector.shape[0]!]), weight.shape)
    const inputs = [rows, packed.withInputs([multiply(weight, columns)])]
    if (bias) inputs.push(multiply(bias, vector))
    return reshapeNode(product.withInputs(inputs), shape)
  }
}

function multiply(x: Node, y: Node): Node {
  return new GraphNode('binary', [x, y], { kind: 'multiply' })
}

/** The vector [n] that an operand broadcasts along the last axis, or undefined. */
function asVector(node: Node, n: number): Node | undefined {
  let base = node
  while (base.op === 'expand') base = base.inputs[0]!
  if (sizeOf(base.shape) !== n || (base.shape.at(-1) ?? 1) !== n) return undefined
  return reshapeNode(base, [n])
}
