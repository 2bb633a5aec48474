import { Node, topologicalOrder } from '../graph/node.js'
import { sameShape } from '../graph/shape.js'
import { constantNodes } from './constancy.js'
import { withAttributes, withInputs } from './rewrite.js'
import type { Precision, Target } from './target.js'

/**
 * Stores packed weights in the asked precision; packed activations stay float32. With int8, the activations that meet
 * such weights are made 8 bits too, with a scale for each row as it comes.
 *
 * What int8 would harm or not help keeps more, by these rules:
 * - the first products, which read the input itself (pixels), and the last, whose results (logits) are the answer,
 *   stay float32: an error there is not averaged out by what follows;
 * - so do matrices with fewer than 64 rows or columns, and those with more than 65536 rows;
 * - convolutions over overlapping windows are bfloat16, as each pixel would be made 8 bits once a window.
 */
export function choosePrecision(
  roots: readonly Node[],
  precision: Precision,
  target: Target,
): readonly Node[] {
  if (precision === 'float32') return roots
  const order = topologicalOrder(roots)
  const chosen = precision === 'int8' ? int8Precisions(order) : packsOf(order, precision)
  const rewritten = new Map<Node, Node>()
  const quantized = new Map<Node, Node>()
  // Products of the same rows (queries, keys and values) each see them through a reshape of their own.
  const quantize = (rows: Node) => {
    let base = rows
    while (base.op === 'reshape' && !base.source) base = base.inputs[0]!
    const known = quantized.get(base)
    if (known && sameShape(known.inputs[0]!.shape, rows.shape)) return known
    const node = quantizeNode(rows, target)
    quantized.set(base, node)
    return node
  }
  for (const node of order) {
    const inputs = node.source ? [] : node.inputs.map((input) => rewritten.get(input)!)
    const stored = chosen.get(node)
    if (stored) {
      rewritten.set(node, withAttributes(node, inputs, { precision: stored }))
    } else if (node.op === 'gemm' && !node.source && chosen.get(node.inputs[1]!) === 'int8') {
      rewritten.set(node, withInputs(node, [quantize(inputs[0]!), ...inputs.slice(1)]))
    } else {
      rewritten.set(node, withInputs(node, inputs))
    }
  }
  return roots.map((root) => rewritten.get(root)!)
}

/** The precision of each packed weight that is not float32. */
type Precisions = ReadonlyMap<Node, Precision>

function packsOf(order: readonly Node[], precision: Precision): Precisions {
  const constant = constantNodes(order)
  return new Map(
    order.filter((node) => node.op === 'pack' && constant.has(node)).map((node) => [node, precision]),
  )
}

const leastSize = 64
/** Sums of more products could leave int32; op.h says the same. */
const mostRows = 65536

function int8Precisions(order: readonly Node[]): Precisions {
  const packs = packsOf(order, 'int8')
  const constant = constantNodes(order)
  const inner = innerProducts(order)
  const chosen = new Map<Node, Precision>()
  const kept = new Set<Node>()
  for (const node of order) {
    const weight = node.source ? undefined : node.inputs[1]
    if (!weight || !packs.has(weight)) continue
    const [, k, n] = weight.shape as [number, number, number]
    const fits = k >= leastSize && n >= leastSize && k <= mostRows
    if (!inner.has(node) || !fits || constant.has(node.inputs[0]!)) kept.add(weight)
    else chosen.set(weight, node.op === 'gemm' ? 'int8' : 'bfloat16')
  }
  // A weight that several products share has one form.
  for (const weight of kept) chosen.delete(weight)
  return chosen
}

const products = new Set(['gemm', 'convolution', 'depthwise', 'attention'])
/** What makes features of data: a product that reads only what came before them is a first one. */
const featureOps = new Set([...products, 'gather', 'norm'])

/** The products between the first and the last: they read features, and other products read what they give. */
function innerProducts(order: readonly Node[]): Set<Node> {
  const features = new Set<Node>()
  for (const node of order) {
    const isFeature = featureOps.has(node.op) || node.inputs.some((input) => features.has(input))
    if (!node.source && isFeature) features.add(node)
  }
  const read = new Set<Node>()
  for (const node of order.toReversed()) {
    if (!node.source && (read.has(node) || products.has(node.op)))
      for (const input of node.inputs) read.add(input)
  }
  return new Set(
    order.filter((node) => products.has(node.op) && features.has(node.inputs[0]!) && read.has(node)),
  )
}

/** Rows [batch, M, K] as the op `quantize` writes them. */
function quantizeNode(rows: Node, target: Target): Node {
  const [batch, m, k] = rows.shape as [number, number, number]
  return new Node('quantize', 'uint8', [batch, m, target.quantizedRowBytes(k)], [rows])
}
