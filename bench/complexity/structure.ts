/** Properties of a layer's graph: the number of sequential operations, and the reach of a layer. */
import type { Node } from '../../lib/graph/node.js'
import { topologicalOrder } from '../../lib/graph/structure.js'
import type { Tensor } from '../../lib/index.js'
import { type LayerType, sequences } from './layers.js'

/** Ops that mix positions or channels. All other ops are element-wise or views. */
const mixers: ReadonlySet<string> = new Set(['matmul', 'attention', 'convolution'])

/** The maximum number of sequential mixing operations in a layer over n positions. */
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
 * The number of operations between the first position of the input and the last position of the output, with the fewest
 * layers that connect them. NaN at the first position reaches the last one if and only if they are connected.
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
