import type { Precision } from '../graph/kinds.js'
import type { Node, NodeOf } from '../graph/node.js'
import { sizesOf } from '../graph/shape.js'
import type { Graph } from './graph.js'
import { opRules } from './rules.js'

/**
 * Chooses the precision of the constant weights of products. All get the requested precision, except with int8, where
 * gemm also quantises its rows, with a scale for each row. int8 is not used where it costs accuracy or gains no speed:
 * - the first products, which read the input (pixels), and the last, whose results are the output (logits), stay
 *   float32: no later layer averages out their error;
 * - matrices with fewer than 64 rows or columns, or with more than 65536 rows, stay float32;
 * - convolutions over overlapping windows use bfloat16: int8 would quantise each pixel once for every window.
 */
export class WeightPrecisions {
  readonly #graph: Graph
  readonly #precision: Precision
  readonly #inner: ReadonlySet<Node>

  constructor(graph: Graph, precision: Precision) {
    this.#graph = graph
    this.#precision = precision
    this.#inner = precision === 'int8' ? innerProducts(graph.order) : new Set()
  }

  of(product: NodeOf<'gemm' | 'convolution'>): Precision {
    if (this.#precision !== 'int8') return this.#precision
    const [, k, n] = sizesOf(product.inputs[1]!.shape, 3)
    const fits = k >= minSize && n >= minSize && k <= maxRows
    if (!fits || !this.#inner.has(product) || this.#graph.isConstant(product.inputs[0]!)) return 'float32'
    return product.op === 'gemm' ? 'int8' : 'bfloat16'
  }
}

const minSize = 64
/** A sum of more products could overflow int32; the kernel has the same limit. */
const maxRows = 65536

/** The products between the first and the last: they read features, and other products depend on their result. */
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
