/** What a layer's graph says without a clock: how long its longest chain is, and how far a layer reaches. */
import type { Node } from '../../lib/graph/node.js'
import { topologicalOrder } from '../../lib/graph/structure.js'
import type { Tensor } from '../../lib/index.js'
import { type LayerType, sequences } from './layers.js'

/** Ops that mix places or channels; what is between them is elementwise or a view. */
const mixers: ReadonlySet<string> = new Set(['matmul', 'attention', 'convolution'])

/** The most mixing operations that must follow one another in a layer over n places. */
export function sequentialOperations({ build }: LayerType, n: number, d: number): number {
  const { node: root } = build(sequences(1, n, d), 0)
  const chain = new Map<Node, number>()
  for (const node of topologicalOrder([root])) {
    const below = Math.max(0, ...node.inputs.map((input) => chain.get(input)!))
    chain.set(node, below + (mixers.has(node.op) ? 1 : 0))
  }
  return chain.get(root)!
}

/**
 * How many operations there are between the first place of the input and the last of the output, in as few layers as
 * connect them: NaN at the first place shows at the last one, and a place that is not seen leaves no trace.
 */
export async function pathLength(layer: LayerType, n: number, d: number): Promise<number> {
  const perLayer = sequentialOperations(layer, n, d)
  let x: Tensor<'float32'> = sequences(1, n, d, true)
  for (let depth = 0; depth < n; depth++) {
    const y = layer.build(x, depth)
    const values = await y.data()
    if (Number.isNaN(values.at(-1)!)) return (depth + 1) * perLayer
    x.dispose()
    x = y
  }
  throw new Error(`${layer.name}: the first place never reaches the last`)
}
