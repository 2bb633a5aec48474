import type { Precision } from '../graph/kinds.js'
import type { Node, NodeOf } from '../graph/node.js'
import { sizesOf } from '../graph/shape.js'
import type { Graph } from './graph.js'
import { opRules } from './rules.js'

/**
 * How constant weights of products are stored where a precision is asked for. With int8, the activations that meet such
 * weights are made 8 bits too, with a scale for each row as it comes. What int8 would harm or not help keeps more, by
 * these rules:
 * - the first products, which read the input itself (pixels), and the last, whose results (logits) are the answer,
 *   stay float32: an error there is not averaged out by what follows;
 * - so do matrices with fewer than 64 rows or columns, and those with more than 65536 rows;
 * - convolutions over overlapping windows are bfloat16, as each pixel would be made 8 bits once a window.
 */
export class Weights {
  readonly #graph: Graph
  readonly #precision: Precision
  readonly #inner: ReadonlySet<Node>

  constructor(graph: Graph, precision: Precision) {
    this.#graph = graph
    this.#precision = precision
    this.#inner = precision === 'int8' ? innerProducts(graph.order) : new Set()
  }

  /** For the constant weights of a product. */
  precisionFor(product: NodeOf<'gemm' | 'convolution'>): Precision {
    if (this.#precision !== 'int8') return this.#precision
    const [, k, n] = sizesOf(product.inputs[1]!.shape, 3)
    const fits = k >= minSize && n >= minSize && k <= maxRows
    if (!fits || !this.#inner.has(product) || this.#graph.isConstant(product.inputs[0]!)) return 'float32'
    return product.op === 'gemm' ? 'int8' : 'bfloat16'
  }
}

const minSize = 64
/** Sums of more products could leave int32; kernel.h says the same. */
const maxRows = 65536

/** The products between the first and the last: they read features, and other products read what they give. */
function innerProducts(order: readonly Node[]): Set<Node> {
  const features = new Set<Node>()
  for (const node of order) {
    if (opRules[node.op].features || node.inputs.some((input) => features.has(input))) features.add(node)
  }
  const read = new Set<Node>()
  for (const node of order.toReversed()) {
    if (read.has(node) || isProduct(node)) for (const input of node.inputs) read.add(input)
  }
  return new Set(order.filter((node) => isProduct(node) && features.has(node.inputs[0]!) && read.has(node)))
}

function isProduct(node: Node): boolean {
  return opRules[node.op].dtype === 'product'
}
